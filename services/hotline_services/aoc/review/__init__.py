"""Line reviews: the two sides talk over where the deconfliction line should run, and it runs so from an agreed time.

``bargain`` is what a side offers and takes, ``reviewer`` one review as one side sees it, ``reviews`` all of them with
their calendar, and ``accord`` the agreement as it stands while it changes. How a line can be moved is agreed: that is
in :mod:`hotline_protocol.arc`.
"""

from .accord import Accord, AccordState
from .reviews import Reviews, ReviewsState

__all__ = ["Accord", "AccordState", "Reviews", "ReviewsState"]
