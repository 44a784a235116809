" Highlighting of macc policies for Vim and Neovim.
if exists('b:current_syntax')
  finish
endif

syntax iskeyword @,48-57,_
syntax keyword maccEffect expect allow deny never audit if else
syntax keyword maccDeclaration module import as extend external public domain resource abstraction boolean let test entry include mode level replaces raw macc
syntax keyword maccPhrase exec listen connect socket use signal inspect trace ipc become memory capability mount unmount pivot userns bpf perf io_uring mqueue keyring dbus
syntax keyword maccBetween to from on when except owner any self and or not by in options
syntax keyword maccVerb read list write append create mknod delete rename link lock setattr load watch ioctl change manage
syntax keyword maccCapability contained chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore
syntax keyword maccValue true false enforce complain
syntax keyword maccKind contained config content state cache log runtime temp secret library program device socket

syntax match maccResourceKind /\<resource\s\+\w\+\s*:\s*\w\+/ contains=maccDeclaration,maccKind
syntax match maccCapabilities /\<capability\s\+[a-z_, \t]*/ contains=maccPhrase,maccBetween,maccCapability
syntax match maccNumber /\<\d\+\>/
syntax match maccAnnotation /@expect\>/
syntax match maccInterpolation /\${[A-Za-z0-9_.]*}/ contained
syntax match maccEscape /\\./ contained
syntax match maccWildcard /\*\*\|[*?]/ contained
syntax region maccText start=/"/ skip=/\\./ end=/"\|$/ contains=maccEscape,maccInterpolation,maccWildcard
syntax region maccRaw start=/"""/ end=/"""/ contains=maccInterpolation
syntax match maccComment +//.*$+ contains=@Spell
syntax region maccComment start=+/\*+ end=+\*/+ contains=@Spell
syntax match maccDoc +///.*$+ contains=@Spell

highlight default link maccEffect Statement
highlight default link maccDeclaration Keyword
highlight default link maccPhrase Keyword
highlight default link maccBetween Keyword
highlight default link maccVerb Function
highlight default link maccCapability Constant
highlight default link maccKind Type
highlight default link maccValue Boolean
highlight default link maccNumber Number
highlight default link maccAnnotation PreProc
highlight default link maccInterpolation Identifier
highlight default link maccEscape SpecialChar
highlight default link maccWildcard Special
highlight default link maccText String
highlight default link maccRaw String
highlight default link maccComment Comment
highlight default link maccDoc SpecialComment

let b:current_syntax = 'macc'
