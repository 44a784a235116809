-- Drives `macc lsp` through Neovim's own client. Arguments in the environment: MACC, RESULTS, FOLDER.
local results = {}
local folder = vim.env.FOLDER

local function wait(what, condition)
  if not vim.wait(30000, condition, 20) then error('waited in vain for ' .. what) end
end

local function place(mark, inside)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local at = line:find(mark, 1, true)
    if at then
      vim.api.nvim_win_set_cursor(0, { number, at - 1 + (inside or 0) })
      return
    end
  end
  error('no ' .. mark)
end

local function ask(method, more)
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(0, 'utf-16'), more or {})
  local all, trouble = vim.lsp.buf_request_sync(0, method, params, 30000)
  if not all then error(method .. ': ' .. trouble) end
  local _, first = next(all)
  if first.error then error(method .. ': ' .. first.error.message) end
  return first.result
end

local function run()
  vim.cmd('edit ' .. folder .. '/policy/web.macc')
  results.filetype = vim.bo.filetype
  results.syntax = vim.fn.synIDattr(vim.fn.synID(vim.fn.search('^ *allow read'), 5, 1), 'name')
  local client = vim.lsp.start_client({ name = 'macc', cmd = { vim.env.MACC, 'lsp' }, root_dir = folder })
  vim.lsp.buf_attach_client(0, client)
  wait('the server', function() return vim.lsp.get_client_by_id(client) ~= nil end)
  local function diagnostics() return vim.diagnostic.get(0) end

  place('list config')
  local line = vim.api.nvim_get_current_line()
  vim.api.nvim_set_current_line((line:gsub('list config', 'lsit config')))
  wait('a diagnostic', function() return #diagnostics() > 0 end)
  results.diagnostic = { code = diagnostics()[1].code, line = diagnostics()[1].lnum, column = diagnostics()[1].col }
  place('lsit')
  local actions = ask('textDocument/codeAction', {
    range = { start = { line = diagnostics()[1].lnum, character = diagnostics()[1].col },
              ['end'] = { line = diagnostics()[1].lnum, character = diagnostics()[1].col } },
    context = { diagnostics = {} } })
  vim.lsp.util.apply_workspace_edit(actions[1].edit, 'utf-16')
  results.mended = vim.api.nvim_get_current_line() == line
  wait('no diagnostic', function() return #diagnostics() == 0 end)

  place('list config', 6)
  results.hover = ask('textDocument/hover').contents.value
  vim.lsp.buf.definition()
  wait('the definition', function() return vim.api.nvim_get_current_line():find('resource config', 1, true) ~= nil end)
  results.definition = vim.api.nvim_get_current_line()
  results.references = #ask('textDocument/references', { context = { includeDeclaration = true } })
  vim.lsp.buf.rename('settings')
  wait('the new name', function() return vim.api.nvim_get_current_line():find('resource settings', 1, true) ~= nil end)
  results.renamed = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')

  vim.api.nvim_set_current_line('  ' .. vim.api.nvim_get_current_line())
  vim.lsp.buf.formatting_sync(nil, 30000)
  results.formatted = vim.api.nvim_get_current_line()
  place('read       keys', 11)
  results.completion = vim.tbl_map(function(item) return item.label end, ask('textDocument/completion'))
  vim.lsp.stop_client(client)
  wait('the end', function() return vim.lsp.client_is_stopped(client) end)
end

local good, trouble = pcall(run)
if not good then results.trouble = tostring(trouble) end
vim.fn.writefile({ vim.fn.json_encode(results) }, vim.env.RESULTS)
vim.cmd('qall!')
