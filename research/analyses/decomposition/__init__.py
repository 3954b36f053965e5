"""Why a fund did not earn what its benchmark earned."""
