// The SQLite connection of the store: prepared statements, transactions, and failures in the store's words.
//
// Threads: one. Owns: the connection. Errors: a full disk is 507, everything else 500; a failed transaction leaves
//   nothing behind.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "control/base/result.h"

namespace switchyard::control {

class Database {
  public:
    // `vfs` empty: the system's. Throws SQLite::Exception.
    Database(const std::string& path, const std::string& vfs);

    SQLite::Database db;
    std::string unavailable;  // why nothing can be kept; empty: it can

    // Statements are kept prepared: a switch is answered in about the time of one fsync.
    SQLite::Statement& statement(const char* sql);

    std::optional<std::string> meta(const char* name);
    void set_meta(const char* name, const std::string& value);
    // A number among them; 0 when there is none, or when something else is written there.
    std::uint64_t count(const char* name);

    // Runs `body` in one transaction, or refuses while the store is unavailable; any failure leaves nothing behind.
    Result<void> durably(const std::function<void()>& body);
    template <class T>
    Result<T> reading(const std::function<T()>& body) {
        try {
            if constexpr (std::is_void_v<T>) {
                body();
                return {};
            } else {
                return body();
            }
        } catch (const SQLite::Exception& e) {
            return problem_of(e);
        }
    }

  private:
    Problem problem_of(const SQLite::Exception& e) const;
    // What the system said to the operation that failed with `e`: an errno, 0 where it was not the system.
    int system_error(const SQLite::Exception& e) const;

    // A transaction whose fsync failed stands in the log in full: a crash now would find it there and take it for done.
    // The next transaction writes over it; this makes a small one. False: that disk does not take it either.
    bool forget();

    std::map<std::string, SQLite::Statement> prepared_;
};

// A list of texts in one column.
std::string packed(const std::vector<std::string>& list);
std::vector<std::string> unpacked(const std::string& text);

inline std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
inline std::uint64_t unsigned_of(const SQLite::Column& column) {
    return static_cast<std::uint64_t>(column.getInt64());
}

}  // namespace switchyard::control
