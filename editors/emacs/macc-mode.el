;;; macc-mode.el --- Policies of macc  -*- lexical-binding: t -*-

;; Highlighting, and what Eglot needs to start `macc lsp'.

;;; Code:

(defconst macc-effects '("expect" "allow" "deny" "never" "audit" "if" "else"))
(defconst macc-declarations '("module" "import" "as" "extend" "external" "public" "domain" "resource" "abstraction" "boolean" "let" "test" "entry" "include" "mode" "level" "replaces" "raw" "macc"))
(defconst macc-phrases '("exec" "listen" "connect" "socket" "use" "signal" "inspect" "trace" "ipc" "become" "memory" "capability" "mount" "unmount" "pivot" "userns" "bpf" "perf" "io_uring" "mqueue" "keyring" "dbus"))
(defconst macc-between '("to" "from" "on" "when" "except" "owner" "any" "self" "and" "or" "not" "by" "in" "options"))
(defconst macc-verbs '("read" "list" "write" "append" "create" "mknod" "delete" "rename" "link" "lock" "setattr" "load" "watch" "ioctl" "change" "manage"))
(defconst macc-kinds '("config" "content" "state" "cache" "log" "runtime" "temp" "secret" "library" "program" "device" "socket"))
(defconst macc-capabilities '("chown" "dac_override" "dac_read_search" "fowner" "fsetid" "kill" "setgid" "setuid" "setpcap" "linux_immutable" "net_bind_service" "net_broadcast" "net_admin" "net_raw" "ipc_lock" "ipc_owner" "sys_module" "sys_rawio" "sys_chroot" "sys_ptrace" "sys_pacct" "sys_admin" "sys_boot" "sys_nice" "sys_resource" "sys_time" "sys_tty_config" "mknod" "lease" "audit_write" "audit_control" "setfcap" "mac_override" "mac_admin" "syslog" "wake_alarm" "block_suspend" "audit_read" "perfmon" "bpf" "checkpoint_restore"))

(defconst macc-font-lock-keywords
  `(("\\_<\\(?:domain\\|abstraction\\|resource\\|boolean\\|let\\|ports\\|module\\|import\\)\\s-+\\([a-zA-Z_][a-zA-Z0-9_.]*\\)"
     1 font-lock-function-name-face)
    (,(concat ":\\s-*" (regexp-opt macc-kinds 'symbols)) 1 font-lock-type-face)
    (,(regexp-opt (append macc-effects macc-declarations macc-phrases macc-between) 'symbols) . font-lock-keyword-face)
    (,(regexp-opt macc-verbs 'symbols) . font-lock-builtin-face)
    (,(regexp-opt macc-capabilities 'symbols) . font-lock-constant-face)
    ("\\${[a-zA-Z0-9_.]*}" 0 font-lock-variable-name-face prepend)
    ("@expect\\_>" . font-lock-preprocessor-face)))

(defvar macc-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 124" table)
    (modify-syntax-entry ?* ". 23b" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?_ "_" table)
    table))

;;;###autoload
(define-derived-mode macc-mode prog-mode "macc"
  "Major mode for policies of macc."
  (setq-local font-lock-defaults '(macc-font-lock-keywords))
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "//+\\s-*")
  (setq-local indent-tabs-mode nil))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.macc\\'" . macc-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(macc-mode "macc" "lsp")))

(provide 'macc-mode)
;;; macc-mode.el ends here
