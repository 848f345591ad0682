"""What bench/compile.py is made of: invented houses, and the same pages made by other programs."""
