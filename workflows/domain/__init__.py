"""What is true of members, places, numbers and votes, whatever the process."""
