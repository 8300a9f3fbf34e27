"""Parts of a small laboratory outside coralexp, as a user would write them."""
