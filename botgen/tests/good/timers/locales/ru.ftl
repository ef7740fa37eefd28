timeout = Поздно, { $name }.
