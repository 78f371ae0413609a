"""Databases by SQLAlchemy, for whoever keeps something in one: a connection (``connection``), the types of
columns (``columns``), and tables made once and refused when they are another's or another version's (``schema``).

Needs the extra ``store``.
"""
