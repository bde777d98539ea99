"""What visitors of our sites do, kept until it is known who they are, and theirs from then on."""
