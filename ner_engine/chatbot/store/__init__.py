"""Conversations and the book of orders and reservations, kept in a database: see ``database``."""
