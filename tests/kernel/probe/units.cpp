#include "tests/kernel/probe/units.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "tests/kernel/probe/files.h"
#include "tests/kernel/probe/launch.h"

namespace macc::probe {

namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kPidFilePatience{5};
constexpr std::size_t kShown = 4000;  // bytes of output in the report

using Options = std::map<std::string, std::string>;

struct Order {
  std::string name;
  Options options;
  std::vector<std::string> words;
};

Order order_of(const Units::Fields& fields) {
  Order out{fields.at(1), {}, {}};
  std::size_t i = 2;
  for (; i < fields.size() && fields[i] != "--"; ++i) {
    const std::size_t sign = fields[i].find('=');
    if (sign == std::string::npos) throw std::runtime_error("`" + fields[i] + "` is no KEY=VALUE");
    out.options[fields[i].substr(0, sign)] = fields[i].substr(sign + 1);
  }
  out.words.assign(fields.begin() + static_cast<std::ptrdiff_t>(i) + 1, fields.end());
  return out;
}

std::string option(const Options& options, const std::string& key, const std::string& otherwise = "") {
  const auto it = options.find(key);
  return it == options.end() ? otherwise : it->second;
}

unsigned number(const Options& options, const std::string& key, unsigned otherwise, int base = 10) {
  const std::string text = option(options, key);
  return text.empty() ? otherwise : static_cast<unsigned>(std::stoul(text, nullptr, base));
}

std::vector<gid_t> groups_of(const Options& options) {
  std::vector<gid_t> out;
  std::istringstream in(option(options, "groups"));
  for (std::string one; std::getline(in, one, ',');) out.push_back(static_cast<gid_t>(std::stoul(one)));
  return out;
}

void bound_capabilities(const Options& options) {
  const std::string text = option(options, "capabilities");
  if (text.empty()) return;
  const unsigned long long kept = std::stoull(text, nullptr, 16);
  for (unsigned bit = 0; bit <= CAP_LAST_CAP; ++bit) {
    if ((kept >> bit & 1) == 0) checked(::prctl(PR_CAPBSET_DROP, bit, 0, 0, 0), "the bounding set");
  }
}

void become_user(const Options& options) {
  const std::vector<gid_t> groups = groups_of(options);
  checked(::setgroups(groups.size(), groups.data()), "groups");
  checked(::setgid(number(options, "group", 0)), "the group");
  checked(::setuid(number(options, "user", 0)), "the user");
}

/// In systemd's order: the context is asked for while it may still be, and privileges go last.
void dress(const Options& options) {
  ::umask(number(options, "umask", 022, 8));
  const unsigned files = number(options, "files", 1024);
  const rlimit limit{files, std::max(files, 524288U)};
  checked(::setrlimit(RLIMIT_NOFILE, &limit), "the limit of files");
  request_context(option(options, "context"));
  bound_capabilities(options);
  become_user(options);
  if (options.contains("no-new-privileges")) checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
  checked(::chdir(option(options, "folder", "/").c_str()), option(options, "folder"));
}

std::vector<std::string> environment_of(const Options& options) {
  std::vector<std::string> out = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG=C.UTF-8"};
  for (const auto& [key, value] : options) {
    if (key.starts_with("env.")) out.push_back(key.substr(4) + "=" + value);
  }
  return out;
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void execute(const Order& order, const std::vector<std::string>& environment, int output, int report) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::close(null);
  try {
    dress(order.options);
    checked(::execve(order.words.at(0).c_str(), pointers_to(order.words).data(), pointers_to(environment).data()),
            order.words[0]);
  } catch (const std::system_error& error) {
    const int number = error.code().value();
    (void)!::write(report, &number, sizeof number);
  }
  ::_exit(0);
}

std::string in_one_field(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, kShown)) {
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c == '\t' || c == '\r' ? ' ' : c;
    }
  }
  return out;
}

void make_folder(const Units::Fields& fields) {
  const std::string& path = fields.at(1);
  if (!exists(path)) checked(::mkdir(path.c_str(), 0755), path);
  checked(
      ::chown(path.c_str(), static_cast<uid_t>(std::stoul(fields.at(3))), static_cast<gid_t>(std::stoul(fields.at(4)))),
      path);
  checked(::chmod(path.c_str(), static_cast<mode_t>(std::stoul(fields.at(2), nullptr, 8))), path);
  if (!fields.at(5).empty()) set_label(path, fields.at(5));
}

bool is_there(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

Units::~Units() {
  for (const auto& [pid, child] : children_) ::close(child.output);
  if (ready_ >= 0) ::close(ready_);
}

bool Units::step(const Fields& fields) {
  const std::string& word = fields.at(0);
  if (word == "folder") {
    make_folder(fields);
  } else if (word == "label") {
    if (exists(fields.at(1))) set_label(fields.at(1), fields.at(2));
  } else if (word == "mount") {
    checked(::mount("none", fields.at(2).c_str(), fields.at(1).c_str(), 0, fields.at(3).c_str()), fields.at(2));
  } else if (word == "ready-socket") {
    listen_for_ready(fields.at(1), fields.at(2));
  } else if (word == "run" || word == "start") {
    run(fields, word == "start");
  } else if (word == "main") {
    set_main(fields);
  } else if (word == "stop") {
    stop(fields);
  } else {
    return false;
  }
  return true;
}

pid_t Units::launch(const Fields& fields, int& error) {
  const Order order = order_of(fields);
  std::vector<std::string> environment = environment_of(order.options);
  if (order.options.contains("ready")) environment.push_back("NOTIFY_SOCKET=" + ready_path_);
  int output[2] = {-1, -1}, report[2] = {-1, -1};
  checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output), "a socket");
  checked(::pipe2(report, O_CLOEXEC), "a pipe");
  const pid_t pid = static_cast<pid_t>(checked(::fork(), "a process"));
  if (pid == 0) execute(order, environment, output[1], report[1]);
  ::close(output[1]);
  ::close(report[1]);
  ::fcntl(output[0], F_SETFL, O_NONBLOCK);
  error = 0;
  (void)!::read(report[0], &error, sizeof error);
  ::close(report[0]);
  children_[pid] = Child{order.name, output[0], "", false, 0};
  return pid;
}

void Units::run(const Fields& fields, bool stays) {
  int error = 0;
  const pid_t pid = launch(fields, error);
  const std::string& name = fields.at(1);
  if (stays) mains_[name] = pid;
  if (error != 0) {
    wait([&] { return children_[pid].ended; }, kPatience);
    return tell(name, pid, "not-run", error);
  }
  const bool waits = order_of(fields).options.contains("ready");
  bool ready = stays && !waits;
  const bool in_time = ready || wait(
                                    [&] {
                                      if (waits && has_said_ready()) ready = true;
                                      return ready || children_[pid].ended;
                                    },
                                    kPatience);
  if (children_[pid].ended) return tell_ended(name, pid);
  tell(name, pid, in_time ? "running" : "late", 0);
}

void Units::set_main(const Fields& fields) {
  const std::string& name = fields.at(1);
  pid_t pid = 0;
  wait(
      [&] {
        std::istringstream text(exists(fields.at(2)) ? read_file(fields.at(2)) : "");
        return (text >> pid) && pid > 1;
      },
      kPidFilePatience);
  mains_[name] = pid;
  tell(name, pid, pid > 1 && is_there(pid) ? "running" : "late", 0);
}

void Units::stop(const Fields& fields) {
  const std::string& name = fields.at(1);
  const pid_t pid = mains_.contains(name) ? mains_[name] : 0;
  if (pid > 1 && is_there(pid)) ::kill(pid, static_cast<int>(std::stoul(fields.at(2))));
  const bool gone = pid > 1 && wait([&] { return !is_there(pid); }, kPatience);
  if (gone && children_.contains(pid)) return tell_ended(name, pid);
  tell(name, pid, gone ? "exited" : "late", 0);
}

void Units::listen_for_ready(const std::string& path, const std::string& label) {
  ready_path_ = path;
  ready_ = static_cast<int>(checked(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  checked(::bind(ready_, reinterpret_cast<const sockaddr*>(&address), sizeof address), path);
  checked(::chmod(path.c_str(), 0777), path);
  if (!label.empty()) set_label(path, label);
}

bool Units::has_said_ready() {
  std::array<char, 4096> text{};
  for (long size = 0; (size = ::recv(ready_, text.data(), text.size() - 1, 0)) >= 0;) {
    if (std::string(text.data(), static_cast<std::size_t>(size)).find("READY=1") != std::string::npos) return true;
  }
  return false;
}

void Units::look() {
  for (auto& [pid, child] : children_) {
    std::array<char, 4096> text{};
    for (long size = 0; (size = ::read(child.output, text.data(), text.size())) > 0;) {
      child.text.append(text.data(), static_cast<std::size_t>(size));
    }
  }
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto it = children_.find(pid);  // whatever else ends was left to init
    if (it == children_.end()) continue;
    it->second.ended = true;
    it->second.status = status;
  }
}

bool Units::wait(const std::function<bool()>& done, std::chrono::seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    look();
    if (done()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void Units::tell_ended(const std::string& name, pid_t pid) {
  const int status = children_[pid].status;
  if (WIFSIGNALED(status)) return tell(name, pid, "signalled", WTERMSIG(status));
  tell(name, pid, "exited", WEXITSTATUS(status));
}

void Units::tell(const std::string& name, pid_t pid, const std::string& how, int number) {
  look();
  std::string text;
  for (auto& [other, child] : children_) {
    if (child.name != name) continue;
    text += child.text;
    child.text.clear();
  }
  say_({"ran", name, std::to_string(pid), how, std::to_string(number), in_one_field(text)});
}

}  // namespace macc::probe
