late = Поздно, { $name }.
