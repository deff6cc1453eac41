/*
 * Scan keys, compiled: the server's ScanKeys of one (re)scan as conditions for the core.
 *
 * A comparison within a column's family becomes a pattern on text. Only comparisons across
 * date/time types, whose meaning depends on the session's time zone, are left to the server's own
 * operator, called once for every distinct value.
 */
#pragma once

#include "am/index_keys.hpp"

namespace namedex::am {

enum Strategy : StrategyNumber {
    kLikeStrategy = 1,
    kILikeStrategy = 2,
    kEqualStrategy = 3,
    kPrefixStrategy = 4,
};

// Whether the index can search a column of an opclass for type `left` by an operator of that
// strategy with a right-hand argument of type `right`: what an opclass may hold, and what a scan
// key must be.
bool CanSearchBy(Oid left, StrategyNumber strategy, Oid right);

class ScanConditions {
  public:
    ScanConditions(const IndexKeys& keys, const ScanKeyData* scan_keys, int count);
    ScanConditions(const ScanConditions&) = delete;
    ScanConditions& operator=(const ScanConditions&) = delete;

    const std::vector<core::Condition>& conditions() const { return conditions_; }
    // A condition no row can satisfy (a comparison with NULL, ANY of an empty array).
    bool nothing() const { return nothing_; }
    // The server has to look at every row again.
    bool recheck() const { return recheck_; }

  private:
    void Add(const IndexKeys& keys, const ScanKeyData& key);
    void AddPatterns(const IndexKeys& keys, const ScanKeyData& key,
                     const std::vector<Datum>& arguments, core::Condition& condition);

    std::vector<core::Condition> conditions_;
    std::vector<std::unique_ptr<core::ValueTest>> tests_;
    bool nothing_ = false;
    bool recheck_ = false;
};

}  // namespace namedex::am
