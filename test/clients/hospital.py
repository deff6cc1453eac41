"""A hospital as SQLAlchemy models, and data for it: small columns that lists show, beside a large
text and a binary column that they do not.

Everything drawn at random is drawn from one seed, so that every run sees the same rows. Names hold
what makes matching and quoting hard: marks of their own (%, _, \\), quotes, other scripts.
"""

import datetime
import decimal
import random
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, declarative_base, relationship

Base: Any = declarative_base()

patient_allergies = Table(
    "patient_allergies",
    Base.metadata,
    Column("patient_id", ForeignKey("patients.id"), primary_key=True),
    Column("allergy_id", ForeignKey("allergies.id"), primary_key=True),
)


class Hospital(Base):
    __tablename__ = "hospitals"

    id = Column(Integer, primary_key=True)
    name = Column(Text, nullable=False)
    city = Column(Text)


class Provider(Base):
    __tablename__ = "providers"

    id = Column(Integer, primary_key=True)
    hospital_id = Column(ForeignKey("hospitals.id"), nullable=False)
    name = Column(Text, nullable=False)

    hospital = relationship("Hospital")


class Patient(Base):
    __tablename__ = "patients"
    __table_args__ = (
        Index(
            "patients_names",
            "last_name",
            "first_name",
            postgresql_using="namedex",
            postgresql_include=["id", "mrn", "birth_date"],
        ),
    )

    id = Column(BigInteger, primary_key=True)
    hospital_id = Column(ForeignKey("hospitals.id"))
    mrn = Column(String(12), nullable=False, unique=True)
    last_name = Column(String(80), nullable=False)
    first_name = Column(Text)
    birth_date = Column(Date)
    balance = Column(Numeric(10, 2))
    details = Column(JSONB)
    notes = Column(Text)
    photo = Column(LargeBinary)

    hospital = relationship("Hospital")
    visits = relationship("Visit", back_populates="patient", order_by="Visit.id")
    allergies = relationship("Allergy", secondary=patient_allergies, order_by="Allergy.id")


class Visit(Base):
    __tablename__ = "visits"

    id = Column(BigInteger, primary_key=True)
    patient_id = Column(ForeignKey("patients.id"), nullable=False, index=True)
    provider_id = Column(ForeignKey("providers.id"))
    starts_at = Column(DateTime, nullable=False)
    reason = Column(Text)

    patient = relationship("Patient", back_populates="visits")
    provider = relationship("Provider")


class Allergy(Base):
    __tablename__ = "allergies"

    id = Column(Integer, primary_key=True)
    name = Column(Text, nullable=False)


LAST_NAMES = [
    *("Smith", "SMITHSON", "Kowalski", "Kowalska", "O'Brien", "Ångström", "Groß", "Müller"),
    *("50% Smith", "x_y", "back\\slash", 'Mac"Quote', "Αργυρός", "王", "McDonald", "van der Berg"),
]
FIRST_NAMES = ["Ann", "Mary Ann", "anna", "João", "Zoë", "Jean-Luc", "Bob", "", None]
PATIENTS = 300


def fill(session: Session) -> None:
    """Writes and commits the rows. Every seventh patient has no visit, every eleventh no hospital."""
    draw = random.Random(20240229)
    session.add_all(Hospital(id=n, name=f"Hospital {n}", city=f"City {n % 3}") for n in range(1, 6))
    session.flush()
    session.add_all(
        Provider(id=n, hospital_id=1 + n % 5, name=f"Dr. {LAST_NAMES[n % len(LAST_NAMES)]}")
        for n in range(1, 21)
    )
    allergies = [Allergy(id=n, name=f"allergen {n}") for n in range(1, 9)]
    session.add_all(allergies)
    session.flush()
    for n in range(1, PATIENTS + 1):
        patient = Patient(
            id=n,
            hospital_id=None if n % 11 == 0 else 1 + n % 5,
            mrn=f"MRN{n:07}",
            last_name=draw.choice(LAST_NAMES),
            first_name=draw.choice(FIRST_NAMES),
            birth_date=datetime.date(1930, 1, 1) + datetime.timedelta(days=draw.randrange(33000)),
            balance=None if n % 13 == 0 else decimal.Decimal(draw.randrange(-99999, 999999)) / 100,
            details={"ward": n % 7, "tags": ["a", "b"], "note": "O'Brien \"quoted\" \\ ü"},
            # Random hexadecimal digits compress to half: the value lies out of line, as it should.
            notes=draw.getrandbits(4 * 8192).to_bytes(4 * 1024, "big").hex(),
            photo=draw.getrandbits(8 * 3000).to_bytes(3000, "big"),
            allergies=draw.sample(allergies, n % 4),
        )
        if n % 7:
            patient.visits = [
                Visit(
                    id=10 * n + m,
                    provider_id=None if m == 2 else draw.randrange(1, 21),
                    starts_at=datetime.datetime(2024, 1, 1)
                    + datetime.timedelta(seconds=draw.randrange(10**7), microseconds=250000 * (m % 3)),
                    reason=f"reason {m}",
                )
                for m in range(draw.randrange(1, 6), 0, -1)
            ]
        session.add(patient)
    session.commit()


def fill_names(connection: Connection, rows: int) -> None:
    """Patients for plans: few of each name, for of many the planner may rightly read the table."""
    connection.execute(
        text(
            "INSERT INTO patients (id, mrn, last_name, first_name, birth_date)"
            " SELECT n, 'MRN' || n,"
            " CASE WHEN n % 500 < :names THEN (CAST(:last AS text[]))[1 + n % 500]"
            " ELSE 'Filler' || n END,"
            " CASE WHEN n % 7 > 0 THEN 'First' || n % 100 END, date '1950-01-01' + n"
            " FROM generate_series(1, :rows) AS n"
        ),
        {"names": len(LAST_NAMES), "last": LAST_NAMES, "rows": rows},
    )
