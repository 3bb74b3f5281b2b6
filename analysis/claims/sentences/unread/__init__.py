"""What is said and not judged: words that change a statement, what no form reads, and the reasons."""
