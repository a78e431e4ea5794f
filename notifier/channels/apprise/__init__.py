"""Whatever else an insurer can send through, by Apprise: sent, and nothing is known of it afterwards."""
