"""One descriptor a graphics protocol: what is asked, what answers mean, and which renderer draws."""
