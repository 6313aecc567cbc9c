"""What watches and keeps a training while it runs. Needs torch and lightning alone."""
