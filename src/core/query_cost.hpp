// What steps of a search cost, as measured, in nanoseconds; only their ratios matter.
#pragma once

namespace namedex::core {

inline constexpr double kFoundWordCost = 60.0;  // taking what a word's entry says
inline constexpr double kPostingCost = 1.0;   // reading one ordinal of a list
inline constexpr double kVerifyCost = 120.0;  // rebuilding and matching one value
// Evaluating one intersection over one window, whatever its lists are.
inline constexpr double kIntersectionCost = 1500.0;

}  // namespace namedex::core
