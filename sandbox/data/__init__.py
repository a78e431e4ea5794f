"""Public claims to try the file source with: the file as it came, contacts made from a seed, later deliveries."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
LIFE_CLAIMS = HERE / "awslake_life_claims.csv"
LIFE_CONTACTS = HERE / "life_contacts.csv"
LIFE_MAPPING = HERE / "life_claims.toml"
