"""What a reader knows of one segment: taken, given back, acknowledged. No I/O."""

from naosu.domain.report import Delivery


class SegmentProgress:
    """Rows are numbered 1, 2, 3 … without gaps.

    Attributes:
        taken_seq: Rows up to this one were taken at least once.
        acknowledged_seq: Rows up to this one are digested, without exception.
        known_seq: Rows up to this one were there before this reader: they may have been delivered before.
    """

    def __init__(self, *, acknowledged_seq: int, known_seq: int) -> None:
        self.taken_seq = acknowledged_seq
        self.acknowledged_seq = acknowledged_seq
        self.known_seq = known_seq
        self._acknowledged_above: set[int] = set()
        self._returned: dict[int, Delivery] = {}

    def acknowledge(self, seq: int) -> None:
        """Note that a row is digested. Twice is once."""
        if seq <= self.acknowledged_seq or seq > self.taken_seq:
            return
        self._returned.pop(seq, None)
        self._acknowledged_above.add(seq)
        while self.acknowledged_seq + 1 in self._acknowledged_above:
            self.acknowledged_seq += 1
            self._acknowledged_above.discard(self.acknowledged_seq)

    def give_back(self, seq: int, delivery: Delivery) -> None:
        """Note that a row is to be delivered again, unless it is digested already."""
        if self.acknowledged_seq < seq <= self.taken_seq and seq not in self._acknowledged_above:
            self._returned[seq] = delivery

    def next_returned(self) -> tuple[int, Delivery] | None:
        """Return the oldest row that was given back, and keep it."""
        if not self._returned:
            return None
        seq = min(self._returned)
        return seq, self._returned[seq]

    def retake(self, seq: int) -> None:
        """Note that a row that was given back is taken again."""
        del self._returned[seq]

    @property
    def is_settled(self) -> bool:
        """All that was taken is acknowledged."""
        return self.acknowledged_seq == self.taken_seq
