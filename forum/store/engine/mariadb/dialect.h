// What MariaDB spells in another way than store/statement.h writes it.
//
// Rules, and no parser: ?N and ? become its plain ?, which are bound by place; the upsert is ON DUPLICATE KEY UPDATE
// with VALUES(); names in double quotes it takes as they are (ANSI_QUOTES). Texts are ours, so what the rules do not
// foresee is seen when a test prepares every statement. Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forum {

struct MariadbText {
    std::string sql;
    std::vector<int> parameters;  // of each ? in its order: which number it had
};

MariadbText mariadb_text(std::string_view sql);

}  // namespace forum
