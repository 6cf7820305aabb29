// A statement that MariaDB's server has prepared. Values go and come in the binary protocol by the type they have here,
// so the client library guesses nothing; what is found is fetched whole, so other statements may run while it is read.
//
// Threads: its session's. Errors: StoreError and its kinds. Must not outlive the session, which it tells what became of
// it.
#pragma once

#include <mysql.h>

#include <string>
#include <string_view>
#include <vector>

#include "forum/store/engine/database_session.h"
#include "forum/store/engine/mariadb/dialect.h"

namespace forum {

// What a session knows of its statements.
struct MariadbOutcome {
    std::int64_t last_row_id = 0;
    std::int64_t changes = 0;
    std::int64_t changed_rows = 0;
    bool alive = true;
};

class MariadbPrepared final : public PreparedStatement {
  public:
    MariadbPrepared(MYSQL* connection, std::string_view sql, MariadbOutcome& outcome);
    ~MariadbPrepared() override;
    MariadbPrepared(const MariadbPrepared&) = delete;
    MariadbPrepared& operator=(const MariadbPrepared&) = delete;

    void bind(int index, std::int64_t value) override;
    void bind(int index, double value) override;
    void bind(int index, std::string_view value) override;
    void bind_null(int index) override;
    bool step() override;
    std::int64_t integer(int column) const override;
    double real(int column) const override;
    std::string_view view(int column) const override;
    bool is_null(int column) const override;
    void reset() noexcept override;

  private:
    enum class Kind { null, integer, real, text };
    struct Value {
        Kind kind = Kind::null;
        std::int64_t integer = 0;
        double real = 0;
        std::string_view text;
        unsigned long length = 0;
    };
    struct Column {
        Kind kind = Kind::text;
        std::int64_t integer = 0;
        double real = 0;
        std::string text;  // as long as the longest of the result
        unsigned long length = 0;
        my_bool is_null = 0;
        my_bool is_cut = 0;
    };

    Value& value(int index);
    void run();
    void bind_columns();
    [[noreturn]] void fail();

    MariadbText text_;
    MariadbOutcome& outcome_;
    MYSQL_STMT* statement_;
    std::vector<Value> values_;  // by number
    std::vector<Column> columns_;
    bool ran_ = false;
};

}  // namespace forum
