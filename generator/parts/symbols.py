"""QR symbols of byte strings, the very same as segno's and thirty times as fast. Pure.

What all of one version share is asked of segno once; the rest is arithmetic on whole numbers that hold a bit
for each module.
"""

from collections.abc import Iterator
from functools import lru_cache, reduce
from operator import getitem, xor
from typing import Any, Final

import segno.consts
import segno.encoder

consts: Any = segno.consts  # segno has no types
encoder: Any = segno.encoder
GAP: Final = 4  # light modules between two rows, as many as the rule about finder-like patterns looks at
FINDER: Final = 7  # modules
MASKS: Final = range(8)
HIGH, LOW = bytes(byte >> 4 for byte in range(256)), bytes(byte & 15 for byte in range(256))


@lru_cache(maxsize=1024)
def symbols(length: int) -> "Symbols":
    """The smallest that hold byte strings of this length, with the highest error level that costs nothing."""
    segments, low = encoder.prepare_data("a" * length, None, None), consts.ERROR_LEVEL_L
    version = encoder.find_version(segments, low, eci=False, micro=False)
    return _symbols(version, encoder.boost_error_level(version, low, segments, False))


class Symbols:
    """Those of one version and error level: where each bit goes, which masks there are.

    A symbol is a number: the bit at `row * stride + column` is a module, and GAP bits after each row are
    nothing, so that shifting it compares modules with their neighbours (ISO/IEC 18004, 7.8.3).
    """

    def __init__(self, version: int, error: int) -> None:
        self._version, self._error = version, error
        self._counted = consts.CHAR_COUNT_INDICATOR_LENGTH[consts.MODE_BYTE][
            encoder.version_range(self._version)
        ]
        self._capacity = consts.SYMBOL_CAPACITY[self._version][self._error]
        self.side = encoder.calc_matrix_size(self._version)
        self._stride = self.side + GAP
        self._highs, self._lows = self._placed()
        empty = self._empty()
        region = self._number([[module > 1 for module in row] for row in empty])
        self._functions = self._number([[module == 1 for module in row] for row in empty])
        patterns = encoder.get_data_mask_functions(False)
        side = range(self.side)
        self._masks = [
            region & self._number([[bool(pattern(i, j)) for j in side] for i in side]) for pattern in patterns
        ]
        self._formats = [self._format(mask) for mask in MASKS]
        self._pairs = self._number([[j < self.side - 1 for j in side] for _ in side])
        self._stacks = self._number([[i < self.side - 1 for _ in side] for i in side])

    def drawn(self, text: bytes) -> str:
        """A text that fits, as modules, `0` and `1`, row by row."""
        message = self._message(text)
        highs = map(getitem, self._highs, message.translate(HIGH))
        lows = map(getitem, self._lows, message.translate(LOW))
        plain = reduce(xor, lows, reduce(xor, highs, self._functions))
        masked = [plain ^ mask for mask in self._masks]
        scores = [self._score(symbol) for symbol in masked]
        best = scores.index(min(scores))
        return self._told(masked[best] | self._formats[best])

    # -- the message -------------------------------------------------------------------------------
    def _message(self, text: bytes) -> bytes:
        """Data codewords, then error codewords, block after block (7.4 and 7.5)."""
        used = 4 + self._counted + 8 * len(text)
        bits = consts.MODE_BYTE << self._counted | len(text)
        bits = bits << 8 * len(text) | int.from_bytes(text, "big")
        ended = min(4, self._capacity - used)
        used += ended
        padding = 8 - used % 8  # segno adds a whole byte where none is needed
        raw = (bits << ended + padding).to_bytes((used + padding) // 8, "big")
        filling = b"\xec\x11" * (self._capacity // 8)
        data: bytes = (raw + filling)[: self._capacity // 8]
        errors, begins = [], 0
        for info in consts.ECC[self._version][self._error]:
            many = info.num_total - info.num_data
            for _ in range(info.num_blocks):
                block = data[begins : begins + info.num_data]
                begins += info.num_data
                errors.append(_error_words(block, many, _remainders(many)))
        return data + b"".join(errors)

    # -- what all share ----------------------------------------------------------------------------
    def _empty(self) -> Any:
        """A matrix with its function patterns; 2 stands where codewords go."""
        matrix = encoder.make_matrix(self.side, self.side)
        encoder.add_finder_patterns(matrix, self.side, self.side)
        encoder.add_alignment_patterns(matrix, self.side, self.side)
        return matrix

    def _placed(self) -> tuple[list[list[int]], list[list[int]]]:
        """For each codeword of a message the symbols of its high half's 16 values, and of its low half's."""
        free = sum(module > 1 for row in self._empty() for module in row)
        where = [0] * free
        for plane in range(
            free.bit_length()
        ):  # segno places the numbers of the bits, one binary digit at a time
            matrix = self._empty()
            encoder.add_codewords(matrix, [at >> plane & 1 for at in range(free)], self._version)
            for spot, module in enumerate(self._spots(matrix)):
                where[spot] |= module << plane
        spots = [
            i * self._stride + j
            for i, row in enumerate(self._empty())
            for j, module in enumerate(row)
            if module > 1
        ]
        bit = [0] * free
        for spot, at in zip(spots, where, strict=True):
            bit[at] = 1 << spot
        begins = [8 * at for at in self._order()]
        return [_sums(bit[at : at + 4]) for at in begins], [_sums(bit[at + 4 : at + 8]) for at in begins]

    def _order(self) -> list[int]:
        """Where each codeword of a message is sent: the first of each block, the second of each (7.6)."""
        infos = [info for info in consts.ECC[self._version][self._error] for _ in range(info.num_blocks)]
        data = _interleaved([info.num_data for info in infos])
        errors = _interleaved([info.num_total - info.num_data for info in infos])
        return [*data, *(len(data) + at for at in errors)]

    def _spots(self, matrix: Any) -> Iterator[int]:
        for row, bare in zip(matrix, self._empty(), strict=True):
            yield from (module for module, was in zip(row, bare, strict=True) if was > 1)

    def _format(self, mask: int) -> int:
        """What tells version, error level and mask; it is drawn after masks are compared."""
        matrix = [bytearray(self.side) for _ in range(self.side)]
        encoder.add_format_info(matrix, self._version, self._error, mask)
        encoder.add_version_info(matrix, self._version)
        return self._number([[bool(module) for module in row] for row in matrix])

    def _number(self, rows: list[list[bool]]) -> int:
        return sum(
            1 << i * self._stride + j
            for i, row in enumerate(rows)
            for j, is_dark in enumerate(row)
            if is_dark
        )

    def _told(self, symbol: int) -> str:
        text = format(symbol, f"0{self.side * self._stride}b")[::-1]
        begins = range(0, self.side * self._stride, self._stride)
        return "".join(text[at : at + self.side] for at in begins)

    # -- scores ------------------------------------------------------------------------------------
    def _score(self, dark: int) -> int:
        """How badly a symbol can be read (7.8.3.1), counted as segno counts it."""
        stride = self._stride
        beside = _without(self._pairs, dark ^ dark >> 1)
        below = _without(self._stacks, dark ^ dark >> stride)
        blocks = beside & beside >> stride & below
        share = dark.bit_count() / self.side**2
        points: int = (
            _runs(beside, 1)
            + _runs(below, stride)
            + 3 * blocks.bit_count()
            + 40 * (self._finders(dark, 1) + self._finders(dark, stride))
            + 10 * int(abs(share * 100 - 50) / 5)
        )
        return points

    def _finders(self, dark: int, step: int) -> int:
        """How often something looks like a finder pattern along rows (step 1) or columns (step stride)."""
        two, four, six = 2 * step, 4 * step, 6 * step
        found = dark & dark >> two
        found &= found >> four & dark >> 3 * step
        found = _without(found, (dark | dark >> four) >> step)
        if not found:
            return 0
        after = dark | dark >> step
        after |= after >> two
        before = dark << step | dark << two
        before |= before << two
        counted = _without(found, before & after >> FINDER * step)
        later = found & (found << four | found << six)
        if not later:
            return counted.bit_count()
        if later & (found >> four | found >> six):
            return self._one_by_one(found, counted, across=step == 1)
        hidden = later & counted & (counted << four | counted << six)
        return counted.bit_count() - hidden.bit_count()

    def _one_by_one(self, found: int, counted: int, *, across: bool) -> int:
        """The same where three of them overlap: one that counts hides what begins within it."""
        spots = []
        while found:
            last = found.bit_length() - 1
            found ^= 1 << last
            row, column = divmod(last, self._stride)
            spots.append((row, column, last) if across else (column, row, last))
        many, line, begins = 0, -1, 0
        for which, at, spot in sorted(spots):
            begins = 0 if which != line else begins
            line = which
            if at >= begins:
                is_counted = counted >> spot & 1
                many += is_counted
                begins = at + (FINDER if is_counted else GAP)
        return many


@lru_cache(maxsize=16)
def _symbols(version: int, error: int) -> Symbols:
    return Symbols(version, error)


def _without(these: int, those: int) -> int:
    return these ^ these & those


def _runs(same: int, step: int) -> int:
    """For `same` at each pair of equal neighbours: the points of runs of five and more."""
    three = same & same >> step
    long = three & three >> 2 * step
    return long.bit_count() + 2 * _without(long, long >> step).bit_count()


def _sums(bits: list[int]) -> list[int]:
    """For each value of four bits, the most significant first, what of `bits` it sets."""
    high, *rest = bits
    smaller = _sums(rest) if rest else [0]
    return [*smaller, *(high | each for each in smaller)]


def _interleaved(lengths: list[int]) -> list[int]:
    """For each item of blocks of these lengths, how many go before it when all first ones do, then all second
    ones.
    """
    spots = [(at, block) for block, length in enumerate(lengths) for at in range(length)]
    place = {spot: many for many, spot in enumerate(sorted(spots))}
    return [place[spot] for spot in spots]


@lru_cache(maxsize=32)
def _remainders(many: int) -> list[int]:
    """For each byte, that multiple of the generator of `many` error codewords, as one number (7.5)."""
    generator, logs, powers = consts.GEN_POLY[many], consts.GALIOS_LOG, consts.GALIOS_EXP
    rows = [bytes(powers[logs[byte] + each] for each in generator) for byte in range(1, 256)]
    return [0, *(int.from_bytes(row, "big") for row in rows)]


def _error_words(block: bytes, many: int, table: list[int]) -> bytes:
    """The remainder of a block by its generator."""
    left, top, cut = 0, 8 * (many - 1), (1 << 8 * many) - 1
    for byte in block:
        left = (left << 8 & cut) ^ table[byte ^ left >> top]
    return left.to_bytes(many, "big")
