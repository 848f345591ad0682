"""What `rendering` puts a page together from: the theme, its words, fragments, frames and private blocks."""
