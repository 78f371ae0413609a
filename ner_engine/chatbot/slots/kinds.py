"""The types of slots and how each is filled: one table."""

from __future__ import annotations

from collections.abc import Mapping

from ner_engine.chatbot.slots.amounts import (
    read_duration,
    read_money,
    read_number,
    read_quantity,
    takes_duration,
    takes_money,
    takes_number,
    takes_quantity,
)
from ner_engine.chatbot.slots.choices import read_choice, takes_choice
from ner_engine.chatbot.slots.codes import read_code, read_contact, takes_code, takes_contact
from ner_engine.chatbot.slots.dates import read_date, takes_date
from ner_engine.chatbot.slots.moments import read_moment, takes_moment
from ner_engine.chatbot.slots.people import read_person, takes_person
from ner_engine.chatbot.slots.places import read_place, takes_place
from ner_engine.chatbot.slots.reading import Kind
from ner_engine.chatbot.slots.times import read_time, takes_time
from ner_engine.chatbot.slots.words import read_text, read_yes_no, takes_nothing, takes_text

__all__ = ["KINDS"]

# Dishes (items) are no slot of this sort: ``cart`` takes them.
KINDS: Mapping[str, Kind] = {
    "date": Kind(takes_date, read_date, "day"),
    "time": Kind(takes_time, read_time, "hour"),
    "moment": Kind(takes_moment, read_moment, "moment"),
    "duration": Kind(takes_duration, read_duration),
    "quantity": Kind(takes_quantity, read_quantity),
    "number": Kind(takes_number, read_number),
    "money": Kind(takes_money, read_money),
    "person": Kind(takes_person, read_person),
    "contact": Kind(takes_contact, read_contact),
    "place": Kind(takes_place, read_place),
    "choice": Kind(takes_choice, read_choice, "choice"),
    "code": Kind(takes_code, read_code),
    "yes_no": Kind(takes_nothing, read_yes_no),
    "text": Kind(takes_text, read_text, "words"),
}
