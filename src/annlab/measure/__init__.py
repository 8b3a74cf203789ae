"""Pure functions of arrays: what is measured, apart from how it came about."""

from annlab.measure.backprop import BackpropTrace, DenseNetwork, check_hand_calculation, trace_step
from annlab.measure.regression import (
    fit_snr_db,
    fraction_of_rises,
    half_mse,
    mse,
    nmse,
    plateau_epoch,
    plateau_index,
    r_squared,
    rmse,
    roughness_of_curve,
    roughness_of_surface,
    snr_db,
)

__all__ = [
    "BackpropTrace",
    "DenseNetwork",
    "check_hand_calculation",
    "fit_snr_db",
    "fraction_of_rises",
    "half_mse",
    "mse",
    "nmse",
    "plateau_epoch",
    "plateau_index",
    "r_squared",
    "rmse",
    "roughness_of_curve",
    "roughness_of_surface",
    "snr_db",
    "trace_step",
]
