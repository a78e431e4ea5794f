"""What happens in the demo's back office: people, claims, and the roads that these take."""

from sandbox.story.mover import Story
from sandbox.story.telling import Tale

__all__ = ["Story", "Tale"]
