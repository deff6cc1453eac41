#include "fetch/row_run.hpp"

extern "C" {
#include "tcop/dest.h"
#include "utils/plancache.h"
}

namespace namedex::fetch {

namespace {

// What the executor sends its rows to.
struct Destination {
    DestReceiver base;
    const Statement* statement;
    SPIPlanPtr prepared;
    RowReceiver* receiver;
    MemoryContext row_context;
    Size key_count;
};

void Startup(DestReceiver* self, int, TupleDesc descriptor) {
    const Statement& statement = *reinterpret_cast<Destination*>(self)->statement;
    // What the names of the statement mean now, should it have been parsed anew.
    const auto* source =
        static_cast<CachedPlanSource*>(linitial(SPI_plan_get_plan_sources(
            reinterpret_cast<Destination*>(self)->prepared)));
    for (const Oid table : statement.tables) {
        if (OidIsValid(table) && !list_member_oid(source->relationOids, table)) {
            ReportTablesChanged();
        }
    }
    bool same = descriptor->natts == statement.column_count + 1 &&
                TupleDescAttr(descriptor, 0)->atttypid == INT8OID;
    for (int i = 0; same && i < statement.column_count; ++i) {
        same = TupleDescAttr(descriptor, i + 1)->atttypid == statement.types[i];
    }
    if (!same) ReportTablesChanged();
}

bool ReceiveSlot(TupleTableSlot* slot, DestReceiver* self) {
    auto* destination = reinterpret_cast<Destination*>(self);
    slot_getallattrs(slot);
    const int64 ordinal = DatumGetInt64(slot->tts_values[0]);
    if (slot->tts_isnull[0] || ordinal < 1 || static_cast<Size>(ordinal) > destination->key_count) {
        elog(ERROR, "a fetched row belongs to no key");
    }
    MemoryContext caller = MemoryContextSwitchTo(destination->row_context);
    destination->receiver->Receive(static_cast<Size>(ordinal), slot->tts_values + 1,
                                   slot->tts_isnull + 1);
    MemoryContextSwitchTo(caller);
    MemoryContextReset(destination->row_context);
    return true;
}

void Nothing(DestReceiver*) {}

ParamListInfo MakeParameters(const Statement& statement, const KeyValues& keys) {
    ParamListInfo parameters = makeParamList(statement.key_count);
    for (int i = 0; i < statement.key_count; ++i) {
        const KeyType& key = statement.keys[i];
        ArrayType* array =
            construct_array(keys.columns[i]->data(), static_cast<int>(keys.count), key.type,
                            key.length, key.by_value, key.alignment);
        ParamExternData& parameter = parameters->params[i];
        parameter.value = PointerGetDatum(array);
        parameter.isnull = false;
        parameter.pflags = PARAM_FLAG_CONST;
        parameter.ptype = key.array_type;
    }
    return parameters;
}

}  // namespace

void RunStatement(FetchPlan* plan, Statement* statement, const KeyValues& keys,
                  RowReceiver* receiver) {
    CheckTablesAreTheSame(plan);
    Destination destination{};
    destination.base.receiveSlot = ReceiveSlot;
    destination.base.rStartup = Startup;
    destination.base.rShutdown = Nothing;
    destination.base.rDestroy = Nothing;
    destination.base.mydest = DestSQLFunction;  // any but those that SPI treats itself
    destination.statement = statement;
    destination.prepared = PreparedFor(statement, keys.count);
    destination.receiver = receiver;
    destination.key_count = keys.count;
    destination.row_context =
        AllocSetContextCreate(CurrentMemoryContext, "namedex fetched row", ALLOCSET_DEFAULT_SIZES);

    SPIExecuteOptions options{};
    options.params = MakeParameters(*statement, keys);
    options.read_only = true;
    options.dest = &destination.base;
    const int code = SPI_execute_plan_extended(destination.prepared, &options);
    if (code != SPI_OK_SELECT) {
        elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(code));
    }
    for (int i = 0; i < statement->key_count; ++i) {
        pfree(DatumGetPointer(options.params->params[i].value));
    }
    MemoryContextDelete(destination.row_context);
}

}  // namespace namedex::fetch
