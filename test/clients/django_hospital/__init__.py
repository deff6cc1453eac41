"""A hospital as a Django app, with the indexes that Django's lookups need."""
