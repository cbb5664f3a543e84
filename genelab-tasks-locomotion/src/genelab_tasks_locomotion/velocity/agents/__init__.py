"""Agents of the cart-poles, one file per backend; each is imported when that backend is chosen."""
