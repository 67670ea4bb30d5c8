"""An offer that awaits an answer, in sentences."""

from datetime import timedelta

from hotline_protocol.orders import DecisionAwaited
from hotline_services.monitor.wording import clock_time, offer, words


def in_words(asked: DecisionAwaited) -> str:
    """What is to be decided, in a sentence."""
    menu, window = asked.menu, asked.menu.windows
    priority = "" if asked.priority.rank == 0 else f"{asked.priority.value} "
    times = f"{clock_time(window[0].start)}-{clock_time(window[-1].end)} when on time"
    meets = f" It runs into your {', '.join(asked.meets)}." if asked.meets else ""
    free = "" if asked.worth[menu.outcome(asked.choice)] >= 0 else " That air is not free."
    return (
        f"{wanted(asked)} ({priority}{asked.kind.value}, {words(asked.tier.value)}): "
        f"{offer(menu, asked.choice)}, {times}. "
        f"It lapses at {clock_time(asked.expires_at, seconds=True)}.{meets}{free}"
    )


def wanted(asked: DecisionAwaited) -> str:
    """Who wants something, and for what."""
    return f"For your {asked.plan_id} they offer" if asked.plan_id else f"{asked.peer.upper()} asks for"


def lapsed(asked: DecisionAwaited) -> str:
    """That nothing was said to it in time."""
    whose = f" for your {asked.plan_id}" if asked.plan_id else ""
    return f"Their offer{whose}, {offer(asked.menu, asked.choice)}, has lapsed unanswered."


def grace(asked: DecisionAwaited) -> timedelta:
    """What is said about an offer may be under way for some time after its end; the line says when it is over."""
    return max(asked.expires_at - asked.time, timedelta(0)) + timedelta(minutes=1)
