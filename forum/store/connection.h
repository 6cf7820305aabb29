// One SQLite connection with its prepared statements. The only place, with connection.cpp, where a query meets SQLite.
//
// Threads: one at a time. Errors: StoreError; a broken UNIQUE or other constraint is ConstraintError.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forum/store/statement.h"

namespace forum {

class StoreError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class ConstraintError : public StoreError {
  public:
    using StoreError::StoreError;
};

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

// What the changes of one transaction made stale; published to all processes when it has been committed.
struct Touched {
    bool lists = false;
    bool searches = false;           // and no list
    std::vector<std::string> posts;  // public ids
};

// How far the log has been written back into the database file, in pages.
struct LogState {
    std::int64_t length = 0;
    std::int64_t written_back = 0;
};

class Connection {
  public:
    enum class Mode { read_only, read_write };

    Connection(const std::string& file, Mode mode);
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
    void execute(const std::string& sql);

    std::int64_t last_row_id() const;
    int changes() const;
    // Of all statements since the connection was opened.
    std::int64_t changed_rows() const;

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

    // From now on commits leave the log alone and only tell its length; the caller sees to write_back().
    void watch_log();
    std::int64_t log_length() const { return log_length_; }
    // Copies what the log holds into the database file, as far as no reader stands in the way.
    LogState write_back();

    // Copies the whole database to a new file while it is in use.
    void backup_to(const std::string& file);

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
    Touched touched_;
    std::vector<std::function<void(Connection&)>> gathered_;
    bool gathers_ = false;
    std::int64_t log_length_ = 0;
};

}  // namespace forum
