/*
 * One statement run: its rows handed to a receiver.
 *
 * Rows come as the executor makes them, with their key's ordinal; the receiver copies what it keeps.
 * The statement sees the snapshot of the query that called (SPI's read-only mode), whatever
 * was changed since, and whatever its chunk.
 */
#pragma once

#include "fetch/fetch_plan.hpp"
#include "fetch/key_reader.hpp"

namespace namedex::fetch {

/** Gets the rows of a statement. Plain data; no destructor. */
class RowReceiver {
  public:
    /** ordinal is from 1; values and nulls are of the statement's columns, and valid until the
     *  next row. CurrentMemoryContext is emptied after each row. */
    virtual void Receive(Size ordinal, Datum* values, bool* nulls) = 0;

  protected:
    ~RowReceiver() = default;
};

/** Runs a statement of the plan for the keys; inside SPI_connect. Needs CurrentMemoryContext for the
 *  arrays of keys. May ereport. */
void RunStatement(FetchPlan* plan, Statement* statement, const KeyValues& keys, RowReceiver* receiver);

}  // namespace namedex::fetch
