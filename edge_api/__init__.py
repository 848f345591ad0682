"""The message journey: webhook -> request -> board -> answer; and the local edge in front of the site."""
