// What steps of a search cost, as measured, in nanoseconds; only their ratios matter.
#pragma once

namespace namedex::core {

inline constexpr double kFoundWordCost = 60.0;  // taking what a word's entry says
inline constexpr double kPostingCost = 1.0;   // reading one ordinal of a list
inline constexpr double kVerifyCost = 120.0;  // rebuilding and matching one value
// The same where the next row to be verified is far away.
inline constexpr double kFarVerifyCost = 1000.0;
inline constexpr double kSearchedBlockCost = 500.0;  // searching a block of the lexicon
// Searching for a single byte: what is found, of each word that may have it.
inline constexpr double kByteFoundCost = 40.0;
// Evaluating one intersection over one window, whatever its lists are.
inline constexpr double kIntersectionCost = 1500.0;

}  // namespace namedex::core
