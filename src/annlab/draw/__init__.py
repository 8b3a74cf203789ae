"""One house style and the figures and tables that studies share.

Every figure function takes pandas frames or arrays and returns a `Drawing`; every table function returns a `TableView`.
Names load when first used, so that studies may import this package where matplotlib, plotly and pandas are absent.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annlab.draw.answers import compare as compare
    from annlab.draw.answers import measured as measured
    from annlab.draw.answers import readable as readable
    from annlab.draw.answers import texts as texts
    from annlab.draw.classes import confusion_matrix as confusion_matrix
    from annlab.draw.classes import per_class_table as per_class_table
    from annlab.draw.comparisons import interval_bars as interval_bars
    from annlab.draw.comparisons import paired_differences as paired_differences
    from annlab.draw.comparisons import stability_strip as stability_strip
    from annlab.draw.drawing import CSS as CSS
    from annlab.draw.drawing import Drawing as Drawing
    from annlab.draw.effects import heat_map as heat_map
    from annlab.draw.effects import main_effects as main_effects
    from annlab.draw.fields import compare_surfaces as compare_surfaces
    from annlab.draw.fields import maps as maps
    from annlab.draw.fields import residual_maps as residual_maps
    from annlab.draw.fields import surfaces as surfaces
    from annlab.draw.forecasts import forecast as forecast
    from annlab.draw.forecasts import phase_plot as phase_plot
    from annlab.draw.forecasts import recurrence_plot as recurrence_plot
    from annlab.draw.forecasts import time_folds as time_folds
    from annlab.draw.formats import format_interval as format_interval
    from annlab.draw.formats import format_number as format_number
    from annlab.draw.formats import format_plus_minus as format_plus_minus
    from annlab.draw.images import image_sheet as image_sheet
    from annlab.draw.lines import curves as curves
    from annlab.draw.lines import energy as energy
    from annlab.draw.lines import race as race
    from annlab.draw.networks import network as network
    from annlab.draw.points import histograms as histograms
    from annlab.draw.points import scatter_lines as scatter_lines
    from annlab.draw.ranking import ranked_table as ranked_table
    from annlab.draw.ranking import stability_table as stability_table
    from annlab.draw.ranking import summary_table as summary_table
    from annlab.draw.states import state_space as state_space
    from annlab.draw.table import TableView as TableView
    from annlab.draw.tabular import class_curves as class_curves
    from annlab.draw.tabular import relevance_bars as relevance_bars
    from annlab.draw.tabular import weight_histograms as weight_histograms
    from annlab.draw.tabular import weight_stems as weight_stems
    from annlab.draw.tradeoffs import efficient as efficient
    from annlab.draw.tradeoffs import trade_off as trade_off
    from annlab.draw.unit_cells import UnitMap as UnitMap
    from annlab.draw.unit_maps import component_planes as component_planes
    from annlab.draw.unit_maps import map_in_data_space as map_in_data_space
    from annlab.draw.unit_maps import u_matrix as u_matrix
    from annlab.draw.unit_maps import unit_labels as unit_labels
    from annlab.draw.validation import cross_validation_table as cross_validation_table
    from annlab.draw.validation import fold_diagram as fold_diagram
    from annlab.draw.validation import learning_curve as learning_curve
    from annlab.draw.validation import validation_curve as validation_curve

_HOMES = {
    "answers": ("compare", "measured", "readable", "texts"),
    "classes": ("confusion_matrix", "per_class_table"),
    "comparisons": ("interval_bars", "paired_differences", "stability_strip"),
    "lines": ("curves", "energy", "race"),
    "drawing": ("CSS", "Drawing"),
    "effects": ("heat_map", "main_effects"),
    "forecasts": ("forecast", "phase_plot", "recurrence_plot", "time_folds"),
    "formats": ("format_interval", "format_number", "format_plus_minus"),
    "images": ("image_sheet",),
    "networks": ("network",),
    "points": ("histograms", "scatter_lines"),
    "ranking": ("ranked_table", "stability_table", "summary_table"),
    "fields": ("compare_surfaces", "maps", "residual_maps", "surfaces"),
    "states": ("state_space",),
    "table": ("TableView",),
    "tabular": ("class_curves", "relevance_bars", "weight_histograms", "weight_stems"),
    "tradeoffs": ("efficient", "trade_off"),
    "unit_cells": ("UnitMap",),
    "unit_maps": ("component_planes", "map_in_data_space", "u_matrix", "unit_labels"),
    "validation": ("cross_validation_table", "fold_diagram", "learning_curve", "validation_curve"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__]
