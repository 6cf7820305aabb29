// One connection to the database with its prepared statements, whatever its engine is: where a query of the store meets
// a session of store/engine/.
//
// Threads: one at a time. Owns the session. Errors: StoreError; a broken UNIQUE or other constraint is ConstraintError.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forum/store/engine/change_signals.h"
#include "forum/store/engine/database_session.h"
#include "forum/store/engine/store_error.h"
#include "forum/store/statement.h"

namespace forum {

class Connection;

// A prepared statement in use. Gives it back, reset, when it goes out of scope; must not outlive its connection.
class Query {
  public:
    Query(Query&& other) noexcept;
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;
    ~Query();

    // Binds the values to ?1, ?2, … in order. Text must stay alive until the statement has run.
    template <class... Values>
    Query& with(const Values&... values) {
        int index = 0;
        (bind_value(++index, values), ...);
        return *this;
    }

    // Moves to the next row; false when there is none.
    bool step();
    // For statements that return no rows.
    void run();

    std::int64_t integer(int column) const;
    double real(int column) const;
    // Valid until the next step.
    std::string_view view(int column) const;
    std::string text(int column) const { return std::string(view(column)); }
    bool is_null(int column) const;
    std::optional<std::int64_t> maybe_integer(int column) const;

  private:
    friend class Connection;
    struct Prepared;
    explicit Query(Prepared& prepared);
    void bind_value(int index, std::int64_t value);
    void bind_value(int index, int value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, bool value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, std::size_t value) { bind_value(index, static_cast<std::int64_t>(value)); }
    void bind_value(int index, double value);
    void bind_value(int index, std::string_view value);
    void bind_value(int index, const std::string& value) { bind_value(index, std::string_view(value)); }
    void bind_value(int index, const char* value) { bind_value(index, std::string_view(value)); }
    void bind_value(int index, std::nullopt_t);
    void bind_value(int index, const std::optional<std::int64_t>& value);

    Prepared* prepared_;
};

class Connection {
  public:
    enum class Mode { read_only, read_write };

    // Opens what is at the address, see engine_at.h.
    Connection(const std::string& address, Mode mode);
    explicit Connection(std::unique_ptr<DatabaseSession> session);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Prepared once per text and connection.
    Query query(Statement statement) { return query_text(statement.text()); }
    // For texts that are put together from constants (and listed, see statement.h), or that another release wrote.
    // Never from input.
    Query query_text(std::string_view sql);
    // What is asked next is prepared anew; nothing may be in use.
    void forget_prepared();
    // Runs any number of statements without results.
    void execute(const std::string& sql) { session_->execute(sql); }

    std::int64_t last_row_id() const { return session_->last_row_id(); }
    DatabaseSession& session() { return *session_; }

    void touch_lists() { touched_.lists = true; }
    void touch_searches() { touched_.searches = true; }
    void touch_post(std::string_view public_id) { touched_.posts.emplace_back(public_id); }
    Touched take_touched() { return std::exchange(touched_, {}); }

    // Work that belongs to the transaction but is cheaper when all of a batch is done at once: the full-text index
    // writes out what it has gathered at every savepoint. Done at once unless the connection gathers it.
    void at_commit(std::function<void(Connection&)> work);
    void gather_for_commit() { gathers_ = true; }
    std::size_t gathered() const { return gathered_.size(); }
    // Forgets what was gathered beyond the first `kept`, because the change it belongs to was undone.
    void forget_gathered(std::size_t kept) { gathered_.resize(kept); }
    void run_gathered();

  private:
    void drop_least_used();

    std::unique_ptr<DatabaseSession> session_;
    std::map<std::string, std::unique_ptr<Query::Prepared>, std::less<>> prepared_;  // goes before its session
    std::uint64_t uses_ = 0;
    Touched touched_;
    std::vector<std::function<void(Connection&)>> gathered_;
    bool gathers_ = false;
};

}  // namespace forum
