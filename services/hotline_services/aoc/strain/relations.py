"""One side's strain with each of its peers: what is felt is taken in, said with its arithmetic, and acted upon."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, assert_never

import msgspec

from hotline_protocol.events import Stage, StrainChanged
from hotline_services.aoc.config import PartyConfig, Strain, StrainModel
from hotline_services.aoc.state import RelationsState
from hotline_services.aoc.voice import Voice

from .conduct import UNMOVED, Conduct, conduct_at
from .felt import SPOILS, WEIGHTS, Felt
from .goldstein import Goldstein
from .hawkes import Hawkes
from .ladder import Ladder
from .model import Model

GRAVEST: Final = 10.0


def model_of(config: Strain) -> Model | None:
    """A relation at the beginning; None where no model is gone by."""
    match config.model:
        case StrainModel.NONE:
            return None
        case StrainModel.LADDER:
            return Ladder(config)
        case StrainModel.GOLDSTEIN:
            return Goldstein(config)
        case StrainModel.HAWKES:
            return Hawkes(config)
        case _:
            assert_never(config.model)


class Relations:
    """A model for each peer. Where the configuration names none, nothing is felt and nothing changes."""

    def __init__(self, config: PartyConfig, peers: Iterable[str], voice: Voice) -> None:
        self._config = config
        self._reacts = config.strain.reacts
        self._voice = voice
        models = ((peer, model_of(config.strain)) for peer in peers)
        self._models: Final[dict[str, Model]] = {peer: model for peer, model in models if model is not None}
        self._state = RelationsState(
            models={peer: model.state for peer, model in self._models.items()},
            urges=dict.fromkeys(self._models, 0.0),
        )
        self._stiffer: Final[dict[float, PartyConfig]] = {}  # remembered by the exponent that alone decides it

    @property
    def state(self) -> RelationsState:
        """How strained it is with each peer."""
        return self._state

    @state.setter
    def state(self, state: RelationsState) -> None:
        self._state = state
        for peer, model in self._models.items():
            model.state = state.models[peer]

    def feel(self, felt: Felt, peer: str) -> None:
        """This has come of the relation with a peer; with anybody else there is none."""
        model = self._models.get(peer)
        if model is None:
            return
        if felt in SPOILS:
            self._state.spoilt[peer, SPOILS[felt]] = self._voice.now
        step = model.felt(felt, self._voice.now)
        if step.moved:
            self._voice.say(
                StrainChanged,
                peer=peer,
                model=self._config.strain.model.value,
                before=step.before,
                after=step.after,
                stage=step.stage,
                because=felt.value,
                arithmetic=step.arithmetic,
                decay=model.decay(),
            )

    @property
    def felt(self) -> bool:
        """Whether any model is gone by."""
        return bool(self._models)

    def stage(self, peer: str) -> Stage:
        """How strained it is with this peer now; calm where no model is gone by."""
        model = self._models.get(peer)
        return model.stage(self._voice.now) if model is not None else Stage.CALM

    def calm_from(self, peer: str, stage: Stage) -> datetime | None:
        """From when on it will be below this stage with this peer, if nothing more is felt."""
        return self._models[peer].calm_from(stage) if peer in self._models else None

    def conduct(self, peer: str) -> Conduct:
        """How to behave towards this peer now."""
        model = self._models.get(peer)
        if model is None or not self._reacts:
            return UNMOVED
        return conduct_at(model.stage(self._voice.now), model.prone(self._voice.now))

    def config_towards(self, peer: str) -> PartyConfig:
        """Our configuration, with the strategy that we follow towards this peer now, over flights and over the line."""
        exponent = self.conduct(peer).exponent
        if exponent == 1:
            return self._config
        if exponent not in self._stiffer:
            strategy = msgspec.structs.replace(
                self._config.strategy, exponent=self._config.strategy.exponent * exponent
            )
            review = msgspec.structs.replace(self._config.review, exponent=self._config.review.exponent * exponent)
            self._stiffer[exponent] = msgspec.structs.replace(self._config, strategy=strategy, review=review)
        return self._stiffer[exponent]

    def wants_to_warn(self, felt: Felt, peer: str) -> bool:
        """Whether this was the one thing too many. Each adds its share; at a whole one, a warning is due."""
        warns = self.conduct(peer).warns
        if not warns:
            return False
        self._state.urges[peer] += warns * max(WEIGHTS[felt].strain, 0.0) / GRAVEST
        if self._state.urges[peer] < 1:
            return False
        self._state.urges[peer] -= 1
        return True

    def flown(self, kept: Felt, peer: str, since: datetime) -> None:
        """An agreed flight that began then is over: it was kept if nothing has spoilt it meanwhile."""
        spoilt = self._state.spoilt.get((peer, kept))
        if spoilt is None or spoilt < since:
            self.feel(kept, peer)
