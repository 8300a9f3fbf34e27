"""What is known of a .tflite file, for people: on a terminal, as a page, as tables."""
