"""Okabe and Ito's colours: distinct for all common kinds of colour vision."""

from kaidan.signal import Signal

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#666666"

CLASS_COLOURS = {Signal.SELL: VERMILLION, Signal.HOLD: GREY, Signal.BUY: BLUE}
