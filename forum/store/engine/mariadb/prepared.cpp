#include "forum/store/engine/mariadb/prepared.h"

#include <algorithm>
#include <new>

#include "forum/store/engine/mariadb/failures.h"

namespace forum {

namespace {

// The longest result of the forum's has a hundred and one rows; what is beyond this was not asked by it.
constexpr std::uint64_t kRowsMost = 10'000;

void look_whether_alive(MYSQL_STMT* statement, MariadbOutcome& outcome) {
    if (mariadb_failure(mysql_stmt_errno(statement)) == StoreFailure::gone) outcome.alive = false;
}

}  // namespace

MariadbPrepared::MariadbPrepared(MYSQL* connection, std::string_view sql, MariadbOutcome& outcome)
    : text_(mariadb_text(sql)), outcome_(outcome), statement_(mysql_stmt_init(connection)) {
    if (statement_ == nullptr) throw std::bad_alloc();
    // So that each column is as large as the result needs it, and no text is fetched twice.
    const my_bool measure = 1;
    mysql_stmt_attr_set(statement_, STMT_ATTR_UPDATE_MAX_LENGTH, &measure);
    if (mysql_stmt_prepare(statement_, text_.sql.data(), text_.sql.size()) != 0) {
        look_whether_alive(statement_, outcome_);
        try {
            raise_mariadb(statement_, text_.sql);
        } catch (...) {
            mysql_stmt_close(statement_);
            throw;
        }
    }
    const auto most = std::ranges::max_element(text_.parameters);
    values_.resize(most == text_.parameters.end() ? 0 : static_cast<std::size_t>(*most));
}

MariadbPrepared::~MariadbPrepared() {
    mysql_stmt_close(statement_);
}

void MariadbPrepared::fail() {
    look_whether_alive(statement_, outcome_);
    raise_mariadb(statement_, text_.sql);
}

// A listing binds what only some of its forms ask for.
MariadbPrepared::Value& MariadbPrepared::value(int index) {
    const auto place = static_cast<std::size_t>(index - 1);
    if (place >= values_.size()) values_.resize(place + 1);
    return values_[place];
}

void MariadbPrepared::bind(int index, std::int64_t number) {
    value(index) = {Kind::integer, number, 0, {}, 0};
}
void MariadbPrepared::bind(int index, double number) {
    value(index) = {Kind::real, 0, number, {}, 0};
}
void MariadbPrepared::bind(int index, std::string_view text) {
    value(index) = {Kind::text, 0, 0, text, text.size()};
}
void MariadbPrepared::bind_null(int index) {
    value(index) = {};
}

void MariadbPrepared::run() {
    std::vector<MYSQL_BIND> parameters(text_.parameters.size());
    for (std::size_t place = 0; place < parameters.size(); ++place) {
        Value& bound = values_[static_cast<std::size_t>(text_.parameters[place] - 1)];
        MYSQL_BIND& parameter = parameters[place];
        switch (bound.kind) {
            case Kind::null:
                parameter.buffer_type = MYSQL_TYPE_NULL;
                break;
            case Kind::integer:
                parameter.buffer_type = MYSQL_TYPE_LONGLONG;
                parameter.buffer = &bound.integer;
                break;
            case Kind::real:
                parameter.buffer_type = MYSQL_TYPE_DOUBLE;
                parameter.buffer = &bound.real;
                break;
            case Kind::text:
                parameter.buffer_type = MYSQL_TYPE_STRING;
                parameter.buffer = const_cast<char*>(bound.text.data());  // the library only reads it
                parameter.buffer_length = bound.length;
                parameter.length = &bound.length;
                break;
        }
    }
    if (!parameters.empty() && mysql_stmt_bind_param(statement_, parameters.data()) != 0) fail();
    if (mysql_stmt_execute(statement_) != 0) fail();
    ran_ = true;
    if (mysql_stmt_field_count(statement_) == 0) {
        const auto changed = static_cast<std::int64_t>(mysql_stmt_affected_rows(statement_));
        outcome_.changes = std::max<std::int64_t>(changed, 0);
        outcome_.changed_rows += outcome_.changes;
        outcome_.last_row_id = static_cast<std::int64_t>(mysql_stmt_insert_id(statement_));
        return;
    }
    if (mysql_stmt_store_result(statement_) != 0) fail();
    if (mysql_stmt_num_rows(statement_) > kRowsMost)
        throw StoreError("database: too many rows (in: " + text_.sql + ")");
    bind_columns();
}

void MariadbPrepared::bind_columns() {
    MYSQL_RES* const fields = mysql_stmt_result_metadata(statement_);
    const unsigned count = mysql_num_fields(fields);
    columns_.resize(count);
    std::vector<MYSQL_BIND> results(count);
    for (unsigned i = 0; i < count; ++i) {
        const MYSQL_FIELD& field = *mysql_fetch_field_direct(fields, i);
        Column& column = columns_[i];
        MYSQL_BIND& result = results[i];
        const bool exact = field.type == MYSQL_TYPE_NEWDECIMAL || field.type == MYSQL_TYPE_DECIMAL;
        if (field.type == MYSQL_TYPE_DOUBLE || field.type == MYSQL_TYPE_FLOAT || (exact && field.decimals > 0)) {
            column.kind = Kind::real;
            result.buffer_type = MYSQL_TYPE_DOUBLE;
            result.buffer = &column.real;
        } else if (exact || IS_NUM(field.type)) {
            column.kind = Kind::integer;
            result.buffer_type = MYSQL_TYPE_LONGLONG;
            result.buffer = &column.integer;
        } else {
            column.kind = Kind::text;
            if (column.text.size() < field.max_length) column.text.resize(field.max_length);
            result.buffer_type = MYSQL_TYPE_STRING;
            result.buffer = column.text.data();
            result.buffer_length = column.text.size();
        }
        result.length = &column.length;
        result.is_null = &column.is_null;
        result.error = &column.is_cut;
    }
    mysql_free_result(fields);
    if (mysql_stmt_bind_result(statement_, results.data()) != 0) fail();
}

bool MariadbPrepared::step() {
    if (!ran_) run();
    if (mysql_stmt_field_count(statement_) == 0) return false;
    const int code = mysql_stmt_fetch(statement_);
    if (code == MYSQL_NO_DATA) return false;
    if (code == MYSQL_DATA_TRUNCATED) throw StoreError("database: a column was cut (in: " + text_.sql + ")");
    if (code != 0) fail();
    return true;
}

std::int64_t MariadbPrepared::integer(int column) const {
    const Column& found = columns_[static_cast<std::size_t>(column)];
    if (found.is_null != 0) return 0;
    return found.kind == Kind::real ? static_cast<std::int64_t>(found.real) : found.integer;
}

double MariadbPrepared::real(int column) const {
    const Column& found = columns_[static_cast<std::size_t>(column)];
    if (found.is_null != 0) return 0;
    return found.kind == Kind::real ? found.real : static_cast<double>(found.integer);
}

std::string_view MariadbPrepared::view(int column) const {
    const Column& found = columns_[static_cast<std::size_t>(column)];
    if (found.is_null != 0) return {};
    return std::string_view(found.text).substr(0, found.length);
}

bool MariadbPrepared::is_null(int column) const {
    return columns_[static_cast<std::size_t>(column)].is_null != 0;
}

void MariadbPrepared::reset() noexcept {
    if (ran_) mysql_stmt_free_result(statement_);
    ran_ = false;
    std::ranges::fill(values_, Value{});
}

}  // namespace forum
