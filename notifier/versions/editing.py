"""What the desk and an operator need to edit texts: what there is, what is wrong with it, how it reads, who decided."""

from notifier.rendering import (
    Fault,
    Place,
    Review,
    Values,
    faults_of,
    message_files,
    named,
    place_of,
    sample_values,
    source_of,
)
from notifier.versions.template_versions import (
    NotFit,
    SamePerson,
    all_versions,
    propose,
    publish,
    retire,
    review_of,
    said_now,
    versions_of,
)
from notifier.versions.text_previews import Shown, in_page_states, of_claim, with_samples

__all__ = [
    "Fault",
    "NotFit",
    "Place",
    "Review",
    "SamePerson",
    "Shown",
    "Values",
    "all_versions",
    "faults_of",
    "in_page_states",
    "message_files",
    "named",
    "of_claim",
    "place_of",
    "propose",
    "publish",
    "retire",
    "review_of",
    "said_now",
    "sample_values",
    "source_of",
    "versions_of",
    "with_samples",
]
