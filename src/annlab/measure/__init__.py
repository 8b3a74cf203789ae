"""Pure functions of arrays: what is measured, apart from how it came about."""

from annlab.measure.backprop import BackpropTrace, DenseNetwork, check_hand_calculation, trace_step
from annlab.measure.forecasting import (
    amplitude_error,
    breakdown_step,
    forecast_mse,
    forecast_nmse,
    horizon_mse,
    peak_position_error,
)
from annlab.measure.hopfield import FixedPoints, binary_fixed_points, capacity_lines, crosstalk, saturated_fixed_points
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
    "FixedPoints",
    "amplitude_error",
    "binary_fixed_points",
    "breakdown_step",
    "capacity_lines",
    "check_hand_calculation",
    "crosstalk",
    "fit_snr_db",
    "forecast_mse",
    "forecast_nmse",
    "fraction_of_rises",
    "half_mse",
    "horizon_mse",
    "mse",
    "nmse",
    "peak_position_error",
    "plateau_epoch",
    "plateau_index",
    "r_squared",
    "rmse",
    "roughness_of_curve",
    "roughness_of_surface",
    "saturated_fixed_points",
    "snr_db",
    "trace_step",
]
