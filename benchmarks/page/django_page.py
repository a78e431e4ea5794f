"""A peer: Django's ORM and templates with its usual middleware, on the yardstick's tables."""

import os
from pathlib import Path

import django
from django.conf import settings
from sqlalchemy.engine import make_url

from benchmarks.page.tables import STEPS

ADDRESS = make_url(os.environ["DATABASE_URL"])
settings.configure(
    DEBUG=False,
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": ADDRESS.database,
            "USER": ADDRESS.username or "",
            "PASSWORD": ADDRESS.password or "",
            "HOST": ADDRESS.host or str(ADDRESS.query.get("host", "")),
            "PORT": str(ADDRESS.port or ADDRESS.query.get("port", "")),
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [str(Path(__file__).with_name("django_templates"))],
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django must be set up first
from django.db import models  # noqa: E402
from django.shortcuts import get_object_or_404, render  # noqa: E402
from django.urls import path  # noqa: E402


class Claim(models.Model):
    """A claim of the yardstick."""

    id = models.BigIntegerField(primary_key=True)
    claim_number = models.TextField()
    policy_number = models.TextField()
    claimant_name = models.TextField()
    email = models.TextField()
    phone = models.TextField()
    status = models.TextField()
    stage = models.IntegerField()
    line_of_business = models.TextField()
    loss_date = models.DateField()
    filed_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    adjuster_name = models.TextField()
    adjuster_phone = models.TextField()
    amount_claimed = models.DecimalField(max_digits=12, decimal_places=2)
    amount_approved = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.TextField()
    description = models.TextField()

    class Meta:
        app_label = "bench"
        db_table = "claims"
        managed = False


class Event(models.Model):
    """An entry of its history."""

    id = models.BigIntegerField(primary_key=True)
    claim = models.ForeignKey(Claim, related_name="events", on_delete=models.CASCADE)
    seq = models.IntegerField()
    occurred_at = models.DateTimeField()
    kind = models.TextField()
    status = models.TextField()
    title = models.TextField()
    note = models.TextField()

    class Meta:
        app_label = "bench"
        db_table = "claim_events"
        managed = False
        ordering = ("seq",)


def claim(request, claim_id):
    """The page."""
    found = get_object_or_404(Claim, pk=claim_id)
    return render(request, "claim.html", {"claim": found, "events": found.events.all(), "steps": STEPS})


urlpatterns = [path("claims/<int:claim_id>", claim)]
application = get_wsgi_application()
