#include "backends/selinux/link/homes.h"

#include <algorithm>
#include <array>

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kHomeRoot = "/home";

/// Whose homes a line is written for.
struct Login {
  std::string_view home, name, number, role;
};
#define MACC_LOGIN_USER(user) constexpr std::string_view kLoginUser = user;
#define MACC_LOGIN(home, name, number, role)
#include "backends/selinux/link/logins.def"
#undef MACC_LOGIN_USER
#undef MACC_LOGIN

constexpr std::array kLogins = {
#define MACC_LOGIN_USER(user)
#define MACC_LOGIN(home, name, number, role) Login{home, name, number, role},
#include "backends/selinux/link/logins.def"
#undef MACC_LOGIN_USER
#undef MACC_LOGIN
};

bool has(std::string_view line, std::string_view word) { return line.find(word) != std::string_view::npos; }

/// The context's user, the first word of the last column, becomes the login user.
void put_login_user(std::string& line) {
  const std::size_t blank = line.find_last_of(" \t");
  if (blank == std::string::npos) return;
  const std::size_t colon = line.find(':', blank);
  if (colon != std::string::npos) line.replace(blank + 1, colon - blank - 1, kLoginUser);
}

void replace_all(std::string& line, std::string_view word, std::string_view with) {
  for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word, at + with.size()))
    line.replace(at, word.size(), with);
}

std::string for_login(std::string_view line, const Login& login) {
  std::string text(line);
  replace_all(text, "HOME_DIR", login.home);
  replace_all(text, "%{USERID}", login.number);
  replace_all(text, "%{USERNAME}", login.name);
  replace_all(text, "ROLE", login.role);
  replace_all(text, "USER", login.name);
  put_login_user(text);
  return text + '\n';
}

}  // namespace

SplitContexts split_contexts(std::string_view file_contexts) {
  SplitContexts result;
  std::string roots;
  std::array<std::string, kLogins.size()> homes, users;
  while (!file_contexts.empty()) {
    std::string_view line = file_contexts.substr(0, file_contexts.find('\n'));
    file_contexts.remove_prefix(std::min(line.size() + 1, file_contexts.size()));
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    const bool in_home = has(line, "HOME_DIR");
    if (in_home || has(line, "USER") || has(line, "ROLE")) {
      for (std::size_t i = 0; i < kLogins.size(); ++i) (in_home ? homes : users)[i] += for_login(line, kLogins[i]);
    } else if (has(line, "HOME_ROOT")) {
      std::string text(line);
      replace_all(text, "HOME_ROOT", kHomeRoot);
      roots += text + '\n';
    } else {
      (result.system += line) += '\n';
    }
  }
  // As genhomedircon orders them, since the last match wins: /home/lost+found is no home.
  result.homes = homes[0] + roots + users[0] + homes[1] + users[1];
  return result;
}

}  // namespace macc::backends::selinux
