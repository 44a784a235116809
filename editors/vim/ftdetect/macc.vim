autocmd BufRead,BufNewFile *.macc setfiletype macc
