#include "forum/store/copy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <variant>
#include <vector>

#include "forum/auth/digest.h"
#include "forum/store/comment_index.h"
#include "forum/store/text_index.h"

namespace forum {

namespace {

constexpr std::int64_t kRowsAtOnce = 500;

// `columns` with their kinds: i integer, r real, t text. The first `keys` of them are the primary key.
struct Table {
    std::string_view name;
    std::size_t keys;
    std::string_view columns;
};

constexpr Table kTables[] = {
    {"users", 1,
     "i id,t public_id,t username,t display_name,t about,t password_hash,t role,i created_at,i banned_until,t "
     "ban_reason,"
     "i edit_version"},
    {"sessions", 1, "i id,t public_id,i user_id,i created_at,i expires_at,i revoked_at"},
    {"refresh_tokens", 1, "t token_hash,i session_id,i issued_at,i used_at"},
    {"signing_keys", 1, "t kid,t secret,i created_at,i retire_at"},
    {"setup_tokens", 1, "t token_hash,i created_at"},
    {"categories", 1, "i id,t slug,t name,t description,i position,t posting_role,i edit_version,i created_at"},
    {"posts", 1,
     "i id,t public_id,i category_id,i author_id,t title,t body,t tags,i created_at,i edited_at,i edit_version,i score,"
     "r hot,i comment_count,i last_activity,i pinned,i locked,i deleted_at,i deleted_by"},
    {"post_tags", 2, "t tag,i post_id"},
    {"post_edits", 2, "i post_id,i edit_version,t title,t body,t tags,i written_at,i replaced_at,i replaced_by"},
    {"comments", 1,
     "i id,t public_id,i post_id,i parent_id,i author_id,t path,t body,i created_at,i edited_at,i edit_version,i score,"
     "i deleted_at,i deleted_by"},
    {"comment_edits", 2, "i comment_id,i edit_version,t body,i written_at,i replaced_at,i replaced_by"},
    {"post_votes", 2, "i post_id,i user_id,i value,i voted_at"},
    {"comment_votes", 2, "i comment_id,i user_id,i value,i voted_at"},
    {"post_reads", 2, "i user_id,i post_id,i read_at"},
    {"reports", 1,
     "i id,t public_id,i post_id,i comment_id,i reporter_id,t reason,i created_at,i resolved_at,i resolved_by,"
     "t resolution"},
    {"moderation_log", 1, "i id,i actor_id,t action,t subject,t reason,i created_at"},
    {"notifications", 1, "i id,t public_id,i user_id,t kind,i actor_id,i post_id,i comment_id,i created_at,i read_at"},
    {"idempotency_keys", 2, "i user_id,t \"key\",t request_hash,i status,t body,t location,t etag,i created_at"},
    {"allowances", 1, "i user_id,i began_at,i texts,i bytes"},
};

using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;
using Row = std::vector<Value>;

struct Columns {
    std::vector<char> kinds;
    std::vector<std::string> names;
    std::string list;

    explicit Columns(std::string_view text) {
        while (!text.empty()) {
            const std::string_view one = text.substr(0, text.find(','));
            text.remove_prefix(std::min(one.size() + 1, text.size()));
            kinds.push_back(one[0]);
            names.emplace_back(one.substr(2));
            list += (list.empty() ? "" : ", ") + names.back();
        }
    }
};

Row row_of(const PreparedStatement& statement, const Columns& columns) {
    Row row;
    for (int i = 0; i < static_cast<int>(columns.kinds.size()); ++i) {
        if (statement.is_null(i)) {
            row.emplace_back(nullptr);
        } else if (columns.kinds[static_cast<std::size_t>(i)] == 'i') {
            row.emplace_back(statement.integer(i));
        } else if (columns.kinds[static_cast<std::size_t>(i)] == 'r') {
            row.emplace_back(statement.real(i));
        } else {
            row.emplace_back(std::string(statement.view(i)));
        }
    }
    return row;
}

void bind_to(PreparedStatement& statement, int index, const Value& value) {
    if (const auto* const integer = std::get_if<std::int64_t>(&value)) return statement.bind(index, *integer);
    if (const auto* const real = std::get_if<double>(&value)) return statement.bind(index, *real);
    if (const auto* const text = std::get_if<std::string>(&value))
        return statement.bind(index, std::string_view(*text));
    statement.bind_null(index);
}

std::string digest_of(const std::string& before, const Row& row) {
    std::string text = before;
    for (const Value& value : row) {
        text += '|';
        if (const auto* const integer = std::get_if<std::int64_t>(&value)) text += std::to_string(*integer);
        if (const auto* const real = std::get_if<double>(&value)) {
            text.append(reinterpret_cast<const char*>(real), sizeof *real);
        }
        if (const auto* const string = std::get_if<std::string>(&value)) text += *string;
        if (std::holds_alternative<std::nullptr_t>(value)) text += '\0';
    }
    return sha256_hex(text);
}

// Reads a table page by page in the order of its key, which is the same on every engine: numbers, and text octet by
// octet.
class Reading {
  public:
    Reading(Connection& connection, const Table& table) : columns_(table.columns), keys_(table.keys) {
        const std::string select = "SELECT " + columns_.list + " FROM " + std::string(table.name);
        const std::string& first = columns_.names[0];
        std::string order = " ORDER BY " + first;
        std::string behind = " WHERE " + first + " > ?1";
        if (keys_ == 2) {
            const std::string& second = columns_.names[1];
            order += ", " + second;
            behind = " WHERE " + first + " >= ?1 AND (" + first + " > ?1 OR " + second + " > ?2)";
        }
        const std::string limit = " LIMIT " + std::to_string(kRowsAtOnce);
        first_page_ = connection.session().prepare(select + order + limit);
        next_page_ = connection.session().prepare(select + behind + order + limit);
    }

    // The next page; empty when there is none.
    std::vector<Row> next() {
        PreparedStatement& statement = last_.empty() ? *first_page_ : *next_page_;
        for (std::size_t key = 0; key < last_.size(); ++key) bind_to(statement, static_cast<int>(key) + 1, last_[key]);
        std::vector<Row> rows;
        while (statement.step()) rows.push_back(row_of(statement, columns_));
        statement.reset();
        if (!rows.empty()) last_.assign(rows.back().begin(), rows.back().begin() + static_cast<std::ptrdiff_t>(keys_));
        return rows;
    }

    const Columns& columns() const { return columns_; }

  private:
    Columns columns_;
    std::size_t keys_;
    std::unique_ptr<PreparedStatement> first_page_;
    std::unique_ptr<PreparedStatement> next_page_;
    Row last_;
};

struct Sum {
    std::int64_t rows = 0;
    std::string digest;

    void add(const Row& row) {
        ++rows;
        digest = digest_of(digest, row);
    }
};

Sum sum_of(Connection& connection, const Table& table) {
    Sum sum;
    Reading reading(connection, table);
    for (auto rows = reading.next(); !rows.empty(); rows = reading.next()) {
        for (const Row& row : rows) sum.add(row);
    }
    return sum;
}

Sum copy_table(Connection& from, Connection& to, const Table& table) {
    Sum sum;
    Reading reading(from, table);
    std::string places;
    for (std::size_t i = 0; i < reading.columns().names.size(); ++i) places += i == 0 ? "?" : ", ?";
    const auto insert = to.session().prepare("INSERT INTO " + std::string(table.name) + " (" + reading.columns().list +
                                             ") VALUES (" + places + ")");
    for (auto rows = reading.next(); !rows.empty(); rows = reading.next()) {
        to.session().begin(Purpose::writing);
        for (const Row& row : rows) {
            for (std::size_t i = 0; i < row.size(); ++i) bind_to(*insert, static_cast<int>(i) + 1, row[i]);
            insert->step();
            insert->reset();
            sum.add(row);
        }
        to.session().commit();
    }
    return sum;
}

void require_empty(Connection& to) {
    const auto users = to.session().prepare("SELECT count(*) FROM users");
    users->step();
    if (users->integer(0) > 0) throw StoreError("the target holds a forum already; copy into a new, empty database");
}

void fill_index(Connection& to) {
    static const Table kPosts{"posts", 1, "i id,t title,t body,i deleted_at"};
    const TextIndex& index = text_index(to);
    Reading reading(to, kPosts);
    for (auto rows = reading.next(); !rows.empty(); rows = reading.next()) {
        to.session().begin(Purpose::writing);
        for (const Row& row : rows) {
            if (!std::holds_alternative<std::nullptr_t>(row[3])) continue;
            index.put_post(to, std::get<std::int64_t>(row[0]), index.text(std::get<std::string>(row[1])),
                           index.text(std::get<std::string>(row[2])));
        }
        to.session().commit();
    }
    while (index_lags(to)) {
        to.session().begin(Purpose::writing);
        index_next(to, static_cast<int>(kRowsAtOnce));
        to.session().commit();
    }
}

}  // namespace

void copy_forum(Connection& from, Connection& to, const std::function<void(std::string_view, std::int64_t)>& report) {
    require_empty(to);
    to.session().begin(Purpose::writing);
    to.execute("DELETE FROM categories");  // the one that a new database has
    to.session().commit();
    from.session().begin(Purpose::reading);
    for (const Table& table : kTables) {
        const Sum sent = copy_table(from, to, table);
        const Sum arrived = sum_of(to, table);
        if (sent.rows != arrived.rows || sent.digest != arrived.digest) {
            throw StoreError("the copy of " + std::string(table.name) +
                             " is not what was read: " + std::to_string(sent.rows) + " rows went and " +
                             std::to_string(arrived.rows) + " are there");
        }
        report(table.name, sent.rows);
    }
    from.session().commit();
    fill_index(to);
    to.session().analyze();
}

}  // namespace forum
