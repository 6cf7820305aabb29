// One connection to a database, as an engine makes it: statements are prepared, bound and stepped through, changes are
// made in transactions. What a query means is not known here; the texts are those of store/statement.h, and what an
// engine spells in another way it rewrites when it prepares.
//
// Threads: one at a time. Owns the connection. Errors: StoreError and its kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "forum/store/engine/store_error.h"

namespace forum {

enum class EngineKind { sqlite, mariadb };

// What a session is opened for. Maintaining is writing that may take its time: steps of the schema, copies, made-up
// posts.
enum class Purpose { reading, writing, maintaining };

// Must not outlive its session.
class PreparedStatement {
  public:
    virtual ~PreparedStatement() = default;

    // `index` is the number of a parameter: ?1, ?2, …, or the place of a plain ?, from 1. Text must stay alive until
    // the statement has run.
    virtual void bind(int index, std::int64_t value) = 0;
    virtual void bind(int index, double value) = 0;
    virtual void bind(int index, std::string_view value) = 0;
    virtual void bind_null(int index) = 0;

    // Runs it, then moves on to the next row; false when there is none.
    virtual bool step() = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual double real(int column) const = 0;
    // Valid until the next step.
    virtual std::string_view view(int column) const = 0;
    virtual bool is_null(int column) const = 0;

    // Ready to be bound and run again.
    virtual void reset() noexcept = 0;
};

// A step of the schema, as store/migrations.h keeps it.
struct SchemaStep {
    int version = 0;
    std::string_view name;
    std::string_view sql;
    int oldest_program = 0;
    std::int64_t at = 0;  // ms
};

class DatabaseSession {
  public:
    virtual ~DatabaseSession() = default;

    virtual EngineKind kind() const = 0;

    virtual std::unique_ptr<PreparedStatement> prepare(std::string_view sql) = 0;
    // How many prepared statements one session should keep; 0: any number.
    virtual std::size_t prepared_most() const { return 0; }
    // Runs any number of statements without results. Never made from input.
    virtual void execute(const std::string& sql) = 0;

    // A transaction for reading sees one moment; one for writing waits for what other sessions write.
    virtual void begin(Purpose purpose) = 0;
    virtual void commit() = 0;
    virtual void roll_back() = 0;
    // One inside the other is not possible.
    virtual void set_savepoint() = 0;
    virtual void release_savepoint() = 0;
    virtual void roll_back_to_savepoint() = 0;

    virtual std::int64_t last_row_id() const = 0;
    // Of the last statement; of all statements since the session began.
    virtual int changes() const = 0;
    virtual std::int64_t changed_rows() const = 0;

    // False when the connection is lost: nothing more can be asked of it.
    virtual bool is_alive() const { return true; }

    virtual bool has_table(std::string_view name) = 0;
    // Brings the schema one step further and writes it into schema_migrations, safely against other programs that do
    // the same; false when it was applied already. A step that fails is rolled back, or, where an engine cannot, goes
    // on behind its last finished statement when it is applied again.
    virtual bool apply_step(const SchemaStep& step) = 0;
    // Reads anew what the engine plans its queries by.
    virtual void analyze() = 0;
};

}  // namespace forum
