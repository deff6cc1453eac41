from django.db import models
from django.db.models.functions import Upper

from namedex_django import NamedexIndex


class Hospital(models.Model):
    name = models.TextField()

    class Meta:
        db_table = "hospitals"


class Provider(models.Model):
    name = models.TextField()

    class Meta:
        db_table = "providers"


class Allergy(models.Model):
    name = models.TextField()

    class Meta:
        db_table = "allergies"


class Patient(models.Model):
    hospital = models.ForeignKey(Hospital, models.PROTECT, null=True)
    mrn = models.CharField(max_length=12, unique=True)
    last_name = models.CharField(max_length=80)
    first_name = models.TextField(null=True)
    birth_date = models.DateField(null=True)
    notes = models.TextField(default="")
    photo = models.BinaryField(default=b"")
    allergies = models.ManyToManyField(Allergy, db_table="patient_allergies")

    class Meta:
        db_table = "patients"
        indexes = [
            NamedexIndex(
                fields=["last_name", "first_name"],
                name="patients_names",
                include=["id", "mrn", "birth_date"],
                pending_list_limit=512,
            ),
            NamedexIndex(
                Upper("last_name"),
                Upper("first_name"),
                name="patients_names_i",
                include=["id", "last_name", "first_name"],
            ),
        ]


class Visit(models.Model):
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="visits")
    provider = models.ForeignKey(Provider, models.PROTECT, null=True)
    starts_at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        db_table = "visits"
