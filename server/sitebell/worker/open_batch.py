"""A batch that a worker has in memory, and how much of it may be handed over until it is looked at again."""

from collections import deque
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from sitebell.services.delivery.claiming import Claimed, Job, find_obstacles
from sitebell.services.delivery.composing import MessageComposer
from sitebell.services.delivery.settling import Answer

HANDED_OVER_AHEAD = 150  # requests after a look at who may still get them; a checkpoint mostly comes before


@dataclass(eq=False)
class OpenBatch:
    """A leased batch under way; `cleared` is how many of its jobs may be handed over before it is looked at again."""

    claimed: Claimed
    composer: MessageComposer
    waiting: deque[Job]
    cleared: int = HANDED_OVER_AHEAD
    is_begun: bool = False
    is_ended: bool = False
    in_flight: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def is_drained(self) -> bool:
        """Nothing is left to send, and nothing is out."""
        return not self.waiting and not self.in_flight

    @property
    def order(self) -> tuple[int, int]:
        """Its place among the batches that are settled together: the same for all workers, or they deadlock."""
        return self.claimed.message.id, self.claimed.batch.id

    def take(self) -> Job:
        """Return the next job to hand over."""
        self.cleared -= 1
        return self.waiting.popleft()

    def look_again(self, session: Session) -> None:
        """Answer, instead of handing them over, the jobs that may not go out any more; the others are cleared."""
        if not self.waiting:
            return
        obstacles = find_obstacles(session, self.claimed, self.waiting[0])
        if obstacles:
            skipped = [job for job in self.waiting if job.subscription_id in obstacles]
            self.answers += [Answer(job, None, skipped_for=obstacles[job.subscription_id]) for job in skipped]
            self.waiting = deque(job for job in self.waiting if job.subscription_id not in obstacles)
        self.cleared = HANDED_OVER_AHEAD
